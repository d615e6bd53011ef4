/* The icicle: draws the boxes, moves the focus among them, marks search hits. */

const ROW_PIXELS = 36;
const TEXT_PIXELS = 30; // narrower boxes have no text
const SELF_WORDS = { callers: "this line itself", callees: "no caller" };
const SELF_WORDS_FILTERED = { callers: "this line, through hidden frames", callees: "no visible caller" };

/* SHADES: shares of the peak, in thousandths, at which the next stronger shade begins. From Python. */
function shadeOf(size, whole) {
  return SHADES.filter((share) => size * 1000 >= whole * share).length;
}

/* listener: {point(node), leave(), pin(node), zoom(node), out()}; the graph itself only knows what it shows.
   filtered: whether frames were left out of the tree. */
class Graph {
  constructor(place, trail, profile, listener) {
    Object.assign(this, {
      place,
      trail,
      profile,
      listener,
      boxes: [],
      focus: null,
      pinned: null,
      hits: null,
      filtered: false,
    });
    place.addEventListener("mouseover", (event) => this.pointed(event.target, listener.point));
    place.addEventListener("mouseleave", () => listener.leave());
    place.addEventListener("focusin", (event) => this.focused(event.target));
    place.addEventListener("click", (event) => this.pointed(event.target, listener.pin));
    place.addEventListener("dblclick", (event) => this.pointed(event.target, listener.zoom));
    place.addEventListener("keydown", (event) => this.key(event));
  }

  /* Draws the tree under `root`; `order` is "callers" or "callees"; `pixels`, if given, is the width to draw for. */
  draw(root, order, pixels = this.place.clientWidth) {
    const hadFocus = this.place.contains(document.activeElement),
      wanted = this.focus?.node;
    Object.assign(this, { root, order, pixels, boxes: layOut(root, pixels), rows: [] });
    const drawn = document.createDocumentFragment();
    this.boxes.forEach((box, number) => {
      box.number = number;
      if (!this.rows[box.row]) this.rows[box.row] = [];
      this.rows[box.row].push(box);
      drawn.append(this.elementOf(box));
    });
    this.place.style.height = `${this.rows.length * ROW_PIXELS}px`;
    this.place.replaceChildren(drawn);
    this.mark(this.hits);
    this.setPinned(this.pinned);
    this.setCurrent(this.boxOf(wanted));
    this.drawTrail();
    if (hadFocus) this.focus.element.focus({ preventScroll: true });
  }

  elementOf(box) {
    const { node } = box,
      whole = this.root.bytes || 1,
      share = (100 * node.bytes) / whole;
    const width = this.root.bytes ? share : 100,
      room = (width * this.pixels) / 100;
    const kind = box.leaf ? { frame: "leaf" }[node.kind] || node.kind : "open";
    const made = element("div", `box ${kind} s${shadeOf(node.bytes, whole)}`, "", {
      role: "treeitem",
      tabindex: "-1",
      "aria-level": box.row + 1,
      "aria-label": this.words(node),
      "data-bytes": node.bytes,
    });
    made.style.cssText = `left:${((100 * box.start) / whole).toFixed(4)}%;width:${width.toFixed(4)}%;top:${box.row * ROW_PIXELS}px`;
    if (room >= 4) made.classList.add("wide");
    if (room >= TEXT_PIXELS) {
      const [first, second] = this.lines(node);
      made.append(element("span", "", first), element("b", "", second));
    }
    made.box = box;
    box.element = made;
    return made;
  }

  /* The two lines of text in a box. */
  lines(node) {
    const site = this.profile.sites[node.site];
    if (node.kind === "self")
      return [(this.filtered ? SELF_WORDS_FILTERED : SELF_WORDS)[this.order], humanBytes(node.bytes)];
    if (node.kind === "fold") {
      const share = percent(node.bytes, this.profile.peak);
      return [`${counted(node.stacks, "call stack")}, ${humanBytes(node.bytes)} (${share}) folded`, ""];
    }
    if (node.above === null) return [`${humanBytes(node.bytes)} in ${counted(node.stacks, "call stack")}`, ""];
    if (site.smaller) return [`[${counted(node.stacks, "smaller callstack")}]`, ""];
    return [(node.thread ? "thread: " : "") + shortLabel(site), this.profile.source.at(site)];
  }

  /* The text of a box for screen readers. */
  words(node) {
    const site = this.profile.sites[node.site],
      [first, second] = this.lines(node);
    const end = `(${grouped(node.bytes)} bytes, ${percent(node.bytes, this.profile.peak)})`;
    if (node.kind === "fold") return `${first} ${end}`;
    if (node.above === null) return `all: ${first} ${end}`;
    if (node.kind === "self") return `${fullLabel(site)} | ${first} | ${second} ${end}`;
    const held = `${humanBytes(node.bytes)} in ${counted(node.stacks, "call stack")}`;
    return `${[
      site.smaller ? first : fullLabel(site),
      node.thread && `in ${this.profile.threadWords[node.thread - 1]}`,
      second,
      held,
    ]
      .filter(Boolean)
      .join(" | ")} ${end}`;
  }

  /* The path from the root to the shown box; a click on a step leads back. */
  drawTrail() {
    const steps = [];
    for (let node = this.root.above; node; node = node.above) steps.unshift(node);
    this.trail.hidden = !steps.length;
    this.trail.replaceChildren(
      ...steps.flatMap((node) => {
        const step = element("button", "", node.above === null ? "all" : this.lines(node)[0], { type: "button" });
        step.addEventListener("click", () => this.listener.zoom(node));
        return [step, element("span", "", "\u203a", { "aria-hidden": "true" })];
      }),
    );
  }

  /* Marks the hit boxes, and returns their number. */
  mark(hits) {
    this.hits = hits;
    let count = 0;
    for (const box of this.boxes) {
      const hit = hits?.marks(box.node) === true;
      box.element.classList.toggle("hit", hit);
      if (hit) count += 1;
    }
    return count;
  }

  setPinned(node) {
    this.pinned = node;
    for (const box of this.boxes) {
      if (box.node === node) box.element.setAttribute("aria-selected", "true");
      else if (box.element.hasAttribute("aria-selected")) box.element.removeAttribute("aria-selected");
    }
  }

  /* The box of a node or of its nearest drawn ancestor; else the first box. */
  boxOf(node) {
    for (let wanted = node; wanted; wanted = wanted.above) {
      const found = this.boxes.find((box) => box.node === wanted);
      if (found) return found;
    }
    return this.boxes[0];
  }

  /* Makes a box the target of Tab. */
  setCurrent(box) {
    if (this.focus) this.focus.element.setAttribute("tabindex", "-1");
    this.focus = box;
    box.element.setAttribute("tabindex", "0");
  }

  pointed(target, tell) {
    const found = target.closest(".box");
    if (found) tell.call(this.listener, found.box.node);
  }

  focused(target) {
    if (!target.box) return;
    this.setCurrent(target.box);
    this.listener.point(target.box.node);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const box = this.focus,
      row = this.rows[box.row],
      place = row.indexOf(box);
    const end = box.start + box.node.bytes,
      under = (other) => other.start >= box.start && other.start < end;
    const next = {
      ArrowLeft: () => row[place - 1],
      ArrowRight: () => row[place + 1],
      Home: () => row[0],
      End: () => row[row.length - 1],
      ArrowDown: () => (box.leaf ? undefined : (this.rows[box.row + 1] || []).find(under)),
      ArrowUp: () => (this.rows[box.row - 1] || []).filter((other) => other.start <= box.start).pop(),
    }[event.key];
    const act = {
      Enter: () => this.listener.zoom(box.node),
      Backspace: () => this.listener.out(),
      " ": () => this.listener.pin(box.node),
    }[event.key];
    if (!next && !act) return;
    event.preventDefault();
    if (act) act();
    const found = next?.();
    if (found) found.element.focus();
  }
}
