/* The drawn trees. Their nodes have these properties.
   kind: "frame"; "self" for the frame above's own allocations; "fold" for nodes too small to draw one by one.
   site: number of its site; for a self or a fold, that of the frame above. bytes: all it holds. stacks: its call stacks.
   own: its own bytes. thread: 0, or 1 + the index in threadWords of the thread that begins here. above: its parent or null.
   items(): the nodes below it: frames, largest first, then its self.
   holds(hits): whether it or anything below is hit. Children are made on first use. */

function bySize(first, second) {
  return second.bytes - first.bytes;
}

class Frame {
  constructor(site, above) {
    Object.assign(this, { kind: "frame", site, above, bytes: 0, own: 0, stacks: 0, thread: false });
    this.below = null;
    this.folds = new Map();
  }

  items() {
    if (this.below === null) {
      this.below = this.children().sort(bySize);
      if (this.own && this.below.length) this.below.push(new Self(this));
    }
    return this.below;
  }

  /* The fold of items `from` to `end`; the same object each time. */
  fold(from, end) {
    const key = `${from}:${end}`;
    if (!this.folds.has(key)) this.folds.set(key, new Fold(this, this.items().slice(from, end)));
    return this.folds.get(key);
  }
}

class Self {
  constructor(above) {
    const told = above.below.reduce((sum, node) => sum + node.stacks, 0);
    Object.assign(this, { kind: "self", site: above.site, above, bytes: above.own, own: above.own, thread: false });
    this.stacks = above.stacks - told;
  }

  items() {
    return [];
  }

  holds() {
    return false;
  }
}

class Fold {
  constructor(above, folded) {
    Object.assign(this, { kind: "fold", site: above.site, above, bytes: 0, own: 0, stacks: 0, thread: false });
    for (const node of folded) {
      this.bytes += node.bytes;
      this.stacks += node.stacks;
    }
    this.folded = folded;
    this.folds = new Map();
  }

  items() {
    return this.folded;
  }

  holds(hits) {
    return this.folded.some((node) => node.holds(hits));
  }
}
Fold.prototype.fold = Frame.prototype.fold;

/* Callers above: nodes of a Callstacks. */
class CallerFirst extends Frame {
  constructor(callstacks, index, above) {
    super(callstacks.site[index], above);
    this.callstacks = callstacks;
    this.index = index;
    this.bytes = callstacks.total[index];
    this.own = callstacks.own[index];
    this.stacks = callstacks.stacks[index];
    this.thread = callstacks.thread[index];
  }

  children() {
    const found = [];
    for (let index = this.callstacks.first[this.index]; index; index = this.callstacks.next[index]) {
      if (this.callstacks.total[index]) found.push(new CallerFirst(this.callstacks, index, this));
    }
    return found;
  }

  holds(hits) {
    return hits.below[this.index] === 1;
  }
}

/* Callees above: `frames` are nodes of a Callstacks with the same site, reached from the allocating nodes in `leaves`. */
class CalleeFirst extends Frame {
  constructor(callstacks, site, above) {
    super(site, above);
    this.callstacks = callstacks;
    this.frames = [];
    this.leaves = [];
    this.thread = -1; // none seen yet
  }

  tell(frame, leaf) {
    this.frames.push(frame);
    this.leaves.push(leaf);
    this.bytes += this.callstacks.own[leaf];
    this.stacks += this.callstacks.ownStacks[leaf];
    const thread = this.callstacks.thread[frame],
      same = this.thread === -1 || thread === this.thread;
    this.thread = same ? thread : this.thread && thread && 1; // the first text is the one for any thread
  }

  children() {
    const groups = new Map(),
      { parent, own } = this.callstacks;
    this.frames.forEach((frame, place) => {
      const caller = parent[frame],
        leaf = this.leaves[place];
      if (caller === 0) this.own += own[leaf];
      else tellGroup(groups, this, caller, leaf);
    });
    return Array.from(groups.values());
  }

  holds(hits) {
    return this.frames.some((frame) => hits.above[frame] === 1);
  }
}

function tellGroup(groups, above, frame, leaf) {
  const site = above.callstacks.site[frame];
  if (!groups.has(site)) groups.set(site, new CalleeFirst(above.callstacks, site, above));
  groups.get(site).tell(frame, leaf);
}

class CalleeRoot extends CalleeFirst {
  constructor(callstacks) {
    super(callstacks, callstacks.site[0], null);
    this.bytes = callstacks.total[0];
    this.stacks = callstacks.stacks[0];
    this.thread = 0;
  }

  children() {
    const groups = new Map(),
      { own, count } = this.callstacks;
    for (let node = 1; node < count; node++) if (own[node]) tellGroup(groups, this, node, node);
    return Array.from(groups.values());
  }
}

function treeOf(callstacks, calleesFirst) {
  return calleesFirst ? new CalleeRoot(callstacks) : new CallerFirst(callstacks, 0, null);
}

/* The same call stacks without unwanted frames; every byte stays, on the frames above.
   placeOf(site, node): the number of the site to show, or -1 to leave the frame out. `gathers`: a site that includes all below.
   outside: the site for call stacks without any frame left. */
function withoutFrames(callstacks, placeOf, gathers, outside, siteCount) {
  const { count, site, own, ownStacks, thread } = callstacks;
  const parents = [0],
    sites = [site[0]],
    sizes = [0],
    stacks = [0],
    threads = [0];
  const at = new Int32Array(count),
    gathered = new Uint8Array(count),
    children = new Map();
  const child = (above, number) => {
    const key = above * siteCount + number;
    if (!children.has(key)) {
      children.set(key, parents.length);
      parents.push(above);
      sites.push(number);
      sizes.push(0);
      stacks.push(0);
      threads.push(0);
    }
    return children.get(key);
  };
  for (let node = 1; node < count; node++) {
    const above = callstacks.parent[node];
    const place = gathered[above] ? -1 : placeOf(site[node], node);
    gathered[node] = gathered[above] || (place === gathers ? 1 : 0);
    at[node] = place < 0 ? at[above] : child(at[above], place);
    if (place >= 0) threads[at[node]] = threads[at[node]] || thread[node];
    if (own[node]) {
      const holder = at[node] || child(0, outside);
      sizes[holder] += own[node];
      stacks[holder] += ownStacks[node];
    }
  }
  return new Callstacks(
    Int32Array.from(parents),
    Int32Array.from(sites),
    Float64Array.from(sizes),
    Int32Array.from(stacks),
    Int32Array.from(threads),
  );
}
