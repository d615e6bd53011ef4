/* Reads the profile from the page's data; filprofiler/report/page_data.py describes the format. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Uint8Array(128);
for (let value = 0; value < 64; value++) VALUES[DIGITS.charCodeAt(value)] = value;

/* The number of `width` digits at `position`, lowest digit first. */
function readDigits(text, position, width) {
  let number = 0;
  for (let place = width - 1; place >= 0; place--) number = number * 64 + VALUES[text.charCodeAt(position + place)];
  return number;
}

/* The tree of call stacks, callers first, in columns with one value per node. Node 0 is the root; parents precede children.
   parent, site: numbers. own: bytes allocated by exactly this call stack. total: own bytes here and below.
   ownStacks: how many call stacks of the program end here. stacks: the same here and below.
   thread: 1 + the index in threadWords of the thread that begins here, or 0. first, next: first child and next sibling, or 0. */
class Callstacks {
  constructor(parent, site, own, stacks, thread) {
    const count = parent.length;
    Object.assign(this, {
      count,
      parent,
      site,
      own,
      ownStacks: stacks,
      thread,
      total: own.slice(),
      stacks: stacks.slice(),
    });
    this.first = new Int32Array(count);
    this.next = new Int32Array(count);
    for (let node = count - 1; node > 0; node--) {
      const above = parent[node];
      this.total[above] += this.total[node];
      this.stacks[above] += this.stacks[node];
      this.next[node] = this.first[above];
      this.first[above] = node;
    }
  }
}

function readNodes(nodes) {
  const count = nodes.count + 1;
  const parent = new Int32Array(count),
    site = new Int32Array(count),
    own = new Float64Array(count);
  const stacks = new Int32Array(count),
    thread = new Int32Array(count);
  const sizes = nodes.bytes.split(" "),
    path = [0];
  let depth = 0,
    position = 0;
  for (let node = 1; node < count; node++) {
    let up = VALUES[nodes.ups.charCodeAt(position++)];
    if (up === 63) {
      up = readDigits(nodes.ups, position, 4);
      position += 4;
    }
    depth += 1 - up;
    parent[node] = path[depth - 1];
    path[depth] = node;
    site[node] = readDigits(nodes.sites, (node - 1) * nodes.width, nodes.width);
    if (sizes[node - 1]) {
      own[node] = parseInt(sizes[node - 1], 16);
      stacks[node] = 1;
    }
  }
  for (let at = 0; at < nodes.folded.length; at += 2) stacks[nodes.folded[at]] = nodes.folded[at + 1];
  for (let at = 0; at < nodes.threads.length; at += 2) thread[nodes.threads[at]] = 1 + nodes.threads[at + 1];
  return Object.assign(new Callstacks(parent, site, own, stacks, thread), { imported: new Set(nodes.imported) });
}

function readSites(data) {
  const { path, name, line, mine } = data.sites;
  return path.map((number, site) => ({
    number: site,
    path: data.strings[number],
    pathNumber: number,
    name: data.strings[name[site]],
    shownPath: data.strings[number].slice(data.folders[number] || 0),
    line: line[site],
    mine: mine[site] === "1",
    columns: data.columns[site] || null,
    smaller: data.smaller !== 0 && site === data.smaller,
  }));
}

/* Source lines: `at(site)` is the site's line without indentation; `around(site)` lists [number, text] near it. */
class Source {
  constructor(lines) {
    this.files = new Map();
    for (const path of Object.keys(lines)) {
      const [text, numbers] = lines[path],
        parts = text.split("\n");
      this.files.set(Number(path), new Map(numbers.map((number, place) => [number, parts[place]])));
    }
  }

  raw(site, line) {
    const file = this.files.get(site.pathNumber);
    return file?.get(line) || "";
  }

  at(site) {
    return this.raw(site, site.line).trim();
  }

  around(site) {
    const file = this.files.get(site.pathNumber),
      found = [];
    if (!file?.has(site.line)) return found;
    for (let line = Math.max(1, site.line - 2); line <= site.line + 2; line++) found.push([line, file.get(line) || ""]);
    while (found.length && !found[found.length - 1][1]) found.pop();
    return found;
  }
}

function readProfile(text) {
  const data = JSON.parse(text),
    sites = readSites(data);
  return {
    peak: data.peak,
    sites,
    linesHeld: data.lines_held,
    functionsHeld: data.functions_held,
    source: new Source(data.lines),
    callstacks: readNodes(data.nodes),
    threadWords: data.nodes.threadWords,
  };
}
