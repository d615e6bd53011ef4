/* Search, zoom and keys inside a standalone picture. All data comes from the picture itself. */
(() => {
  "use strict";
  const picture = document.documentElement,
    SVG = "http://www.w3.org/2000/svg";
  const MARGIN = 8,
    WIDTH = 1184,
    PADDING = 5,
    CHARACTER = 7.3,
    LEAST_COLUMNS = 3;
  const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
  const note = picture.querySelector(".note"),
    said = note.textContent;
  const boxes = Array.from(picture.querySelectorAll("g"), readBox);
  const rows = new Map();
  for (const box of boxes) {
    if (!rows.has(box.y)) rows.set(box.y, []);
    rows.get(box.y).push(box);
  }
  for (const row of rows.values()) row.sort((first, second) => first.x - second.x);
  let current = boxes[0],
    zoomed = boxes[0],
    query = null;

  function readBox(group) {
    const rect = group.querySelector("rect"),
      title = group.querySelector("title").textContent,
      { bytes, first, second } = group.dataset;
    const shown = Array.from(group.querySelectorAll("text"), (text) => text.textContent);
    const isFrame = !/^(self|fold)\b/.test(group.getAttribute("class"));
    const lines = [first, second].filter(Boolean);
    const text = title.slice(0, title.lastIndexOf(" | ")); // the text to search: everything but the size
    const attribute = (name) => Number(rect.getAttribute(name));
    return {
      group,
      rect,
      title,
      bytes: Number(bytes),
      isFrame,
      text,
      shown,
      lines,
      y: attribute("y"),
      x: attribute("x"),
      width: attribute("width"),
    };
  }

  function cut(text, columns) {
    let room = columns,
      kept = "";
    for (const character of text) {
      room -= WIDE.test(character) ? 2 : 1;
      if (room < 0) return `${kept.slice(0, -1)}\u2026`;
      kept += character;
    }
    return kept;
  }

  function place(box, x, width) {
    box.rect.setAttribute("x", x);
    box.rect.setAttribute("width", width);
    const columns = Math.floor((width - 2 * PADDING) / CHARACTER);
    const lines = columns < LEAST_COLUMNS ? [] : box.lines.map((line) => cut(line, columns));
    write(box, x, lines);
  }

  function write(box, x, lines) {
    const texts = Array.from(box.group.querySelectorAll("text"));
    while (texts.length > lines.length) texts.pop().remove();
    lines.forEach((line, number) => {
      let text = texts[number];
      if (!text) {
        text = document.createElementNS(SVG, "text");
        text.setAttribute("y", box.y + 14 * (number + 1));
        if (number) text.setAttribute("class", "source");
        box.group.append(text);
      }
      text.setAttribute("x", Math.round(100 * (x + PADDING)) / 100);
      text.textContent = line;
    });
  }

  /* Gives a box and all its ancestors the whole width. */
  function zoom(target) {
    zoomed = target;
    for (const box of boxes) {
      if (target === boxes[0]) {
        box.group.removeAttribute("display");
        box.rect.setAttribute("x", box.x);
        box.rect.setAttribute("width", box.width);
        write(box, box.x, box.shown);
        continue;
      }
      const above = box.y <= target.y && covers(box, target);
      const inside = box.y > target.y && covers(target, box);
      if (above || inside) box.group.removeAttribute("display");
      else box.group.setAttribute("display", "none");
      const scale = WIDTH / target.width;
      if (above) place(box, MARGIN, WIDTH);
      else if (inside) place(box, MARGIN + (box.x - target.x) * scale, box.width * scale);
    }
  }

  function covers(outer, inner) {
    return (
      outer.x <= inner.x + 0.02 &&
      inner.x + inner.width <= outer.x + outer.width + 0.02 &&
      inner.x < outer.x + outer.width
    );
  }

  function parentOf(box) {
    const above = rows.get(box.y - 36) || [];
    return above.find((other) => covers(other, box)) || boxes[0];
  }

  function focus(box) {
    if (box) box.group.focus();
  }

  function focused(box) {
    current.group.setAttribute("tabindex", "-1");
    current = box;
    box.group.setAttribute("tabindex", "0");
  }

  function packed(text) {
    return text.toLowerCase().replace(/[^\S\n]+/g, "");
  }

  function tester() {
    const expression = /^\/(.+)\/$/.exec(query.trim());
    if (!expression) return (box) => packed(box.text).includes(packed(query));
    try {
      const pattern = new RegExp(expression[1], "i");
      return (box) => pattern.test(box.text);
    } catch {
      return () => false;
    }
  }

  /* Marks the drawn boxes that match, and shows their bytes, each counted once. */
  function search() {
    const wanted = query?.trim() ? tester() : () => false;
    const hits = new Set(boxes.filter((box) => box !== boxes[0] && box.isFrame && wanted(box)));
    let bytes = 0;
    for (const box of boxes) {
      box.group.classList.toggle("hit", hits.has(box));
      if (hits.has(box) && !under(box, hits)) bytes += box.bytes;
    }
    const share = ((100 * bytes) / (boxes[0].bytes || 1)).toFixed(2);
    const sizes = `${hits.size} box${hits.size === 1 ? "" : "es"}, ${bytes.toLocaleString("en")} bytes, ${share}%`;
    note.textContent = query === null ? said : `Search: ${query}\u258f ${query.trim() ? sizes : "type what to find"}`;
  }

  function under(box, hits) {
    for (let above = box; above !== boxes[0]; ) {
      above = parentOf(above);
      if (hits.has(above)) return true;
    }
    return false;
  }

  function typed(key) {
    if (key === "Escape") query = null;
    else if (key === "Backspace") query = query.slice(0, -1);
    else if (key.length === 1) query += key;
    else return false;
    search();
    return true;
  }

  function visible(row) {
    return (row || []).filter((box) => box.group.getAttribute("display") !== "none");
  }

  function moved(key) {
    const row = visible(rows.get(current.y)),
      at = row.indexOf(current);
    const to = { ArrowLeft: row[at - 1], ArrowRight: row[at + 1], Home: row[0], End: row[row.length - 1] };
    if (key === "ArrowUp") return current === boxes[0] ? undefined : parentOf(current);
    if (key === "ArrowDown") return visible(rows.get(current.y + 36)).find((box) => covers(current, box));
    return to[key];
  }

  document.addEventListener("keydown", (event) => {
    const { key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (query !== null && !/^Arrow|^Home$|^End$|^Enter$/.test(key)) {
      if (typed(key)) event.preventDefault();
      return;
    }
    if (key === "/") {
      query = "";
      search();
    } else if (key === "Escape") zoom(boxes[0]);
    else if (key === "Backspace") zoom(parentOf(zoomed));
    else if (key === "Enter") {
      zoom(current);
      focus(current);
    } else if (/^Arrow|^Home$|^End$/.test(key)) focus(moved(key));
    else return;
    event.preventDefault();
  });

  picture.setAttribute("role", "tree");
  picture.setAttribute("aria-label", picture.querySelector("title").textContent);
  for (const box of boxes) {
    box.group.setAttribute("role", "treeitem");
    box.group.setAttribute("aria-level", (box.y - boxes[0].y) / 36 + 1);
    box.group.setAttribute("aria-label", box.title);
    box.group.setAttribute("tabindex", box === current ? "0" : "-1");
    box.group.addEventListener("focus", () => focused(box));
    box.group.addEventListener("click", () => {
      zoom(box);
      focus(box);
    });
  }
  const control = document.createElementNS(SVG, "text");
  const settings = {
    class: "note control",
    x: MARGIN + WIDTH,
    y: 24,
    "text-anchor": "end",
    role: "button",
    tabindex: "0",
  };
  for (const name of Object.keys(settings)) control.setAttribute(name, settings[name]);
  control.textContent = "Search: type / and a text. Click: zoom. Esc: all.";
  const ask = () => {
    query = "";
    search();
  };
  control.addEventListener("click", ask);
  control.addEventListener("keydown", (event) => {
    if (query !== null || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    ask();
  });
  note.after(control);
})();
