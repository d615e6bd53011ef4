/* Which sites a search means, and what the callstacks through them hold. */

/* A test of sites, or null for an empty query. Raises SyntaxError for a wrong /expression/.
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

/* Without blanks; the end of a line stays, so that nothing is found across it. */
function packedText(text) {
  return text.toLowerCase().replace(/[^\S\n]+/g, "");
}

/* What is hit when these sites are meant.
   sites: 1 for each site that is. bytes: of all callstacks through any of them, each once.
   above, below: for each node of the Callstacks, whether it or one above it, or below it, is hit. */
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

  /* Whether a box that stands for this node is to be marked. */
  marks(node) {
    return node.kind === "frame"
      ? node.above !== null && this.sites[node.site] === 1
      : node.kind === "fold" && node.holds(this);
  }
}
