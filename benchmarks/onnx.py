"""ONNX Runtime beside torch: `python benchmarks/onnx.py`; onnx_runtime.py says what is measured, and how.

This folder comes first on the path of every benchmark, where a file of this name is found in the place of the
package: imported, it steps aside for that.
"""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    from onnx_runtime import main

    main()
else:
    here, path = Path(__file__).parent, sys.path[:]
    del sys.modules[__name__]
    sys.path[:] = [place for place in path if Path(place).resolve() != here.resolve()]
    importlib.import_module(__name__)
    sys.path[:] = path
