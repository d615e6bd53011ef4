/* Finds the sites that match a search, and the bytes of the call stacks through them. */

/* A predicate on sites, or null for an empty query. Raises SyntaxError for an invalid /expression/.
   Without slashes: the text as it is, whatever its case and its blanks. */
function matcher(query, source) {
  const wanted = query.trim();
  const expression = /^\/(.+)\/$/.exec(wanted);
  if (!wanted) return null;
  if (expression) {
    const pattern = new RegExp(expression[1], "i");
    return (site) => pattern.test(fullLabel(site)) || pattern.test(source.at(site));
  }
  const packed = packedText(wanted);
  return (site) => {
    if (site.packed === undefined) site.packed = packedText(`${fullLabel(site)}\n${source.at(site)}`);
    return site.packed.includes(packed);
  };
}

/* Without spaces; line ends stay, so that no match crosses them. */
function packedText(text) {
  return text.toLowerCase().replace(/[^\S\n]+/g, "");
}

/* The hits of a search.
   sites: 1 for each matching site. bytes: of all call stacks through any of them, each counted once.
   above, below: for each node of the Callstacks, whether it or a node above it, or below it, is hit. */
class Hits {
  constructor(callstacks, sites, matches) {
    const { count, parent, site, own } = callstacks;
    this.sites = Uint8Array.from(sites, (one) => (one.number > 0 && matches(one) ? 1 : 0));
    this.above = new Uint8Array(count);
    this.below = new Uint8Array(count);
    this.bytes = 0;
    for (let node = 1; node < count; node++) {
      this.above[node] = this.sites[site[node]] || this.above[parent[node]];
      if (this.above[node]) this.bytes += own[node];
    }
    for (let node = count - 1; node > 0; node--) {
      if (this.sites[site[node]]) this.below[node] = 1;
      if (this.below[node]) this.below[parent[node]] = 1;
    }
  }

  /* Whether to mark the box of this node. */
  marks(node) {
    return node.kind === "frame"
      ? node.above !== null && this.sites[node.site] === 1
      : node.kind === "fold" && node.holds(this);
  }
}
