/* Connects the parts: what is shown, and what the controls and keys do. */

const THEMES = ["", "dark", "light"]; // "": the system's
const PRINTED_PIXELS = 700;

function byId(id) {
  return document.getElementById(id);
}

function specialSite(profile, name) {
  const site = {
    number: profile.sites.length,
    path: "",
    shownPath: "",
    pathNumber: -1,
    name,
    line: 0,
    mine: false,
    columns: null,
  };
  profile.sites.push(site);
  return site.number;
}

class Page {
  constructor(profile) {
    this.profile = profile;
    this.importing = specialSite(profile, "[Importing modules]");
    this.outside = specialSite(profile, "[No line of your own code]");
    Object.assign(this, { zoomed: null, pinned: null, matches: null, words: "" });
    this.graph = new Graph(byId("graph"), byId("trail"), profile, this);
    this.details = new Details(byId("details"), profile, this.graph, (node) => this.zoom(node));
    this.controls();
    this.rebuild();
    this.tables();
    this.hints();
  }

  controls() {
    byId("order-callers").addEventListener("change", () => this.rebuild());
    byId("order-callees").addEventListener("change", () => this.rebuild());
    for (const id of ["mine", "imports"]) byId(id).addEventListener("click", () => this.toggle(byId(id)));
    byId("reset").addEventListener("click", () => this.reset());
    byId("help-button").addEventListener("click", () => byId("help").showModal());
    byId("help-close").addEventListener("click", () => byId("help").close());
    byId("search").addEventListener("input", () => this.search());
    byId("theme").addEventListener("click", () => this.nextTheme());
    document.addEventListener("keydown", (event) => this.key(event));
    let width = this.graph.place.clientWidth;
    new ResizeObserver(() => {
      if (this.graph.place.clientWidth === width) return;
      width = this.graph.place.clientWidth;
      requestAnimationFrame(() => this.redraw());
    }).observe(this.graph.place);
    window.addEventListener("beforeprint", () => this.graph.draw(this.zoomed, this.order(), PRINTED_PIXELS));
    window.addEventListener("afterprint", () => this.redraw());
  }

  tables() {
    const mark = (row, words) => this.mark((site) => row.sites.has(site.number), words);
    const { profile } = this;
    const place = (site) => (site.path ? `${site.shownPath}:${site.line} (${site.name})` : site.name);
    const functions = (site) => (site.path ? `${site.name} (${site.shownPath})` : site.name);
    new Table(
      byId("line-table"),
      rowsOf(profile, profile.linesHeld, (site) => site.number),
      profile,
      place,
      mark,
    );
    new Table(
      byId("function-table"),
      rowsOf(profile, profile.functionsHeld, (site) => `${site.path}\n${site.name}`),
      profile,
      functions,
      mark,
    );
  }

  /* Turns the lines named by hints into buttons that mark their boxes. */
  hints() {
    for (const place of document.querySelectorAll(".hint .place")) {
      const { path, line, function: name } = place.dataset,
        words = place.querySelector("bdi");
      const button = element("button", "", words.textContent, {
        type: "button",
        title: `${words.textContent}: mark its boxes`,
      });
      const matches = (site) => site.path === path && site.line === Number(line) && site.name === name;
      button.addEventListener("click", () => this.mark(matches, words.textContent));
      button.addEventListener("click", () => this.graph.place.scrollIntoView({ block: "nearest" }));
      words.replaceChildren(button);
    }
  }

  order() {
    return byId("order-callees").checked ? "callees" : "callers";
  }

  /* Rebuilds the tree after the order or a filter has changed. */
  rebuild() {
    const on = (id) => byId(id).getAttribute("aria-pressed") === "true";
    const mine = on("mine"),
      imports = on("imports"),
      { sites } = this.profile;
    const { imported } = this.profile.callstacks;
    const placeOf = (number, node) => {
      if (imports && imported.has(node)) return this.importing;
      return mine && !sites[number].mine && sites[number].path ? -1 : number;
    };
    this.callstacks = this.profile.callstacks;
    this.graph.filtered = mine || imports;
    if (this.graph.filtered) {
      this.callstacks = withoutFrames(this.callstacks, placeOf, this.importing, this.outside, sites.length);
    }
    this.tree = this.zoomed = treeOf(this.callstacks, this.order() === "callees");
    this.pin(null);
    this.redraw();
    this.refreshMarks();
  }

  redraw() {
    this.graph.draw(this.zoomed, this.order());
  }

  toggle(button) {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") === "true" ? "false" : "true");
    this.rebuild();
  }

  reset() {
    byId("search").value = "";
    byId("order-callers").checked = true;
    for (const id of ["mine", "imports"]) byId(id).setAttribute("aria-pressed", "false");
    this.matches = null;
    this.rebuild();
  }

  /* Events of the graph. */
  point(node) {
    if (this.pinned === null) this.details.show(node, false);
  }

  leave() {
    if (this.pinned === null) this.details.show(null, false);
  }

  pin(node) {
    this.pinned = node === this.pinned ? null : node;
    this.graph.setPinned(this.pinned);
    this.details.show(this.pinned, this.pinned !== null);
  }

  zoom(node) {
    this.zoomed = node.items().length ? node : node.above || node;
    this.redraw();
    this.refreshMarks();
  }

  out() {
    if (this.zoomed.above) this.zoom(this.zoomed.above);
  }

  search() {
    const query = byId("search").value;
    try {
      this.mark(matcher(query, this.profile.source), "");
    } catch {
      this.mark(null, "");
      byId("found").textContent = "invalid regular expression";
    }
  }

  mark(matches, words) {
    Object.assign(this, { matches, words });
    this.refreshMarks();
  }

  refreshMarks() {
    const { matches, words } = this;
    const hits = matches && new Hits(this.callstacks, this.profile.sites, matches);
    const count = this.graph.mark(hits);
    const sizes = hits && `${humanBytes(hits.bytes)}, ${percent(hits.bytes, this.profile.peak)}`;
    byId("found").textContent = hits ? `${counted(count, "box", "es")}, ${sizes}${words && ` through ${words}`}` : "";
  }

  key(event) {
    const typing = event.target === byId("search");
    if (event.ctrlKey || event.altKey || event.metaKey || byId("help").open) return;
    if (event.key === "Escape") {
      if (typing && byId("search").value) {
        byId("search").value = "";
        this.search();
      } else this.restore();
    } else if (!typing && event.key === "/") {
      byId("search").focus();
      byId("search").select();
    } else if (!typing && event.key === "?") byId("help").showModal();
    else return;
    event.preventDefault();
  }

  /* Esc: shows the whole picture, with nothing pinned or marked by a table. */
  restore() {
    this.pin(null);
    this.zoomed = this.tree;
    this.redraw();
    if (this.words) this.mark(null, "");
    else this.refreshMarks();
  }

  nextTheme() {
    const { dataset } = document.documentElement;
    setTheme(THEMES[(THEMES.indexOf(dataset.theme || "") + 1) % THEMES.length]);
    try {
      localStorage.setItem("filprofiler-theme", dataset.theme || "");
    } catch {
      /* a sandboxed frame has no storage */
    }
  }
}

function setTheme(theme) {
  if (THEMES.includes(theme) && theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  byId("theme").textContent = `Theme: ${theme || "system"}`;
}

function keptTheme() {
  try {
    return localStorage.getItem("filprofiler-theme") || "";
  } catch {
    return "";
  }
}

function begin() {
  const { classList, dataset } = document.documentElement;
  const profile = readProfile(byId("profile-data").textContent);
  classList.add("scripted");
  try {
    setTheme(keptTheme());
    new Page(profile);
  } catch (problem) {
    // fall back to the static picture
    classList.remove("scripted");
    throw problem;
  }
  dataset.ready = "true";
}

begin();
