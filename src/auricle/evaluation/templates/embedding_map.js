"use strict";
// One point is current at a time: arrows go to the next one in their direction, Enter and a click play it.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const map = document.getElementById("map");
  const marks = [...map.querySelectorAll(".mark")];
  const ring = document.getElementById("ring");
  const player = document.getElementById("player");
  const place = marks.map((mark) => [Number(mark.dataset.x), Number(mark.dataset.y)]);
  const of = { label: marks.map((m) => Number(m.dataset.label)), cluster: marks.map((m) => Number(m.dataset.cluster)) };
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  let by = "label";
  let chosen = null;
  let current = -1;

  function paint() {
    marks.forEach((mark, index) => {
      const style = data.legends[by][of[by][index]];
      const dimmed = chosen !== null && of[by][index] !== chosen;
      mark.setAttribute("class", `mark${style.color ? ` k${style.color}` : ""}${dimmed ? " dim" : ""}`);
      mark.setAttribute("d", data.shapes[style.shape]);
    });
    document.querySelectorAll(".legend").forEach((legend) => {
      legend.hidden = legend.dataset.by !== by;
      legend.querySelectorAll("button").forEach((button) => {
        button.setAttribute("aria-pressed", String(legend.dataset.by === by && Number(button.dataset.entry) === chosen));
      });
    });
  }

  function select(index, play) {
    current = index;
    const point = data.points[index];
    ring.setAttribute("transform", `translate(${place[index][0]} ${place[index][1]})`);
    ring.removeAttribute("visibility");
    show("point-labels", point.labels);
    show("point-cluster", point.cluster);
    show("point-path", point.sound ? `${point.path}, from ${point.start.toFixed(1)} s` : point.path);
    show("point-note", point.sound ? "" : `No sound: ${point.note}.`);
    list(point.near);
    player.hidden = !point.sound;
    player.pause();
    if (point.sound && player.dataset.index !== String(index)) {
      player.src = point.sound;
      player.dataset.index = String(index);
    }
    if (point.sound && play) {
      player.currentTime = 0;
      player.play().catch(() => {});
    }
  }

  // Only pages of similarity search have neighbours to list.
  function list(near) {
    const place = document.getElementById("near");
    place.hidden = !near;
    place.replaceChildren(...(near || []).map((other) => {
      const item = document.createElement("li");
      const name = document.createElement(other.point === null ? "span" : "button");
      name.textContent = other.path;
      if (other.point !== null) {
        name.type = "button";
        name.addEventListener("click", () => select(other.point, true));
      }
      const facts = document.createElement("small");
      facts.textContent = `${other.copy ? "a copy" : other.similarity.toFixed(3)}${other.label ? `, ${other.label}` : ""}`;
      item.append(name, facts);
      return item;
    }));
  }

  function nearest(x, y) {
    let best = -1;
    let least = Infinity;
    place.forEach(([px, py], index) => {
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) { least = distance; best = index; }
    });
    return best;
  }

  // What lies aside counts twice: right goes to the right.
  function neighbour([dx, dy]) {
    const [x, y] = place[current];
    let best = current;
    let least = Infinity;
    place.forEach(([px, py], index) => {
      const along = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      const cost = along + 2 * aside;
      if (index !== current && along > 0 && cost < least) { least = cost; best = index; }
    });
    return best;
  }

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (current < 0 && (event.key in arrows || event.key === "Enter" || event.key === " ")) {
      select(0, false);
    } else if (event.key in arrows) {
      select(neighbour(arrows[event.key]), false);
    } else if (event.key === "Home" || event.key === "End") {
      select(event.key === "Home" ? 0 : marks.length - 1, false);
    } else if (event.key === "Enter" || event.key === " ") {
      select(current, true);
    } else {
      return;
    }
    event.preventDefault();
  });
  map.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    const index = nearest(at.x, at.y);
    const reach = 24 / map.getScreenCTM().a;
    if (Math.hypot(place[index][0] - at.x, place[index][1] - at.y) <= reach) select(index, true);
  });
  document.querySelectorAll("input[name=by]").forEach((input) => {
    input.addEventListener("change", () => { by = input.value; chosen = null; paint(); });
    if (input.checked) by = input.value;
  });
  document.querySelectorAll(".legend button").forEach((button) => {
    button.addEventListener("click", () => {
      const entry = Number(button.dataset.entry);
      chosen = chosen === entry ? null : entry;
      paint();
    });
  });
  document.querySelectorAll("button[data-point]").forEach((button) => {
    button.addEventListener("click", () => select(Number(button.dataset.point), true));
  });
  document.getElementById("controls").hidden = false;
  paint();
})();
