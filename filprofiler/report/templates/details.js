/* The details of one box. */

class Details {
  constructor(place, profile, graph, zoom) {
    Object.assign(this, { place, profile, graph, zoom });
    this.explanation = Array.from(place.childNodes);
  }

  /* Shows a node, or the explanation for none. */
  show(node, pinned) {
    this.place.classList.toggle("pinned", pinned);
    if (node === null) return this.place.replaceChildren(...this.explanation.map((part) => part.cloneNode(true)));
    const site = this.profile.sites[node.site],
      isFrame = node.kind === "frame" && node.above !== null;
    const parts = [element("p", "name", isFrame ? site.name : this.graph.lines(node)[0])];
    if (isFrame && site.path) parts.push(element("p", "where", `${site.path}:${site.line}`));
    if (node.thread)
      parts.push(
        element(
          "p",
          "where",
          `in ${this.profile.threadWords[node.thread - 1]}, started or given work by the line above`,
        ),
      );
    if (isFrame) parts.push(...this.source(site));
    parts.push(this.numbers(node), this.buttons(node, site, isFrame && site.path !== ""));
    this.place.replaceChildren(...parts);
    return undefined;
  }

  source(site) {
    const lines = this.profile.source.around(site);
    if (!lines.length) return site.path ? [element("p", "no-source", "(source not available)")] : [];
    const indents = lines.filter(([, text]) => text).map(([, text]) => /^ */.exec(text)[0].length);
    const indent = Math.min(...indents),
      block = element("pre", "source");
    for (const [number, text] of lines) {
      const row = element("code", number === site.line ? "here" : "");
      row.append(
        element("i", "", String(number)),
        ...this.underlined(text, indent, number === site.line && site.columns),
      );
      block.append(row);
    }
    return [block];
  }

  underlined(text, indent, columns) {
    if (!columns) return [text.slice(indent)];
    const [first, last] = columns;
    return [text.slice(indent, first), element("u", "", text.slice(first, last)), text.slice(last)];
  }

  numbers(node) {
    const list = element("dl"),
      above = node.above;
    const add = (word, value, more = "") => {
      const shown = element("dd", "", value);
      if (more && more !== value) shown.append(element("small", "", more));
      list.append(element("dt", "", word), shown);
    };
    add("Held", humanBytes(node.bytes), exactBytes(node.bytes));
    add("Of the peak", percent(node.bytes, this.profile.peak));
    if (above) add("Of the box above", percent(node.bytes, above.bytes));
    if (node.kind === "frame" && !this.graph.filtered) add("Own", humanBytes(node.own), exactBytes(node.own));
    add("Call stacks", grouped(node.stacks));
    return list;
  }

  buttons(node, site, hasPlace) {
    const row = element("p", "buttons");
    if (node.items().length && node !== this.graph.root) {
      const zoom = element("button", "", node.kind === "fold" ? "Unfold" : "Zoom in", { type: "button" });
      zoom.addEventListener("click", () => this.zoom(node));
      row.append(zoom);
    }
    if (hasPlace) {
      const copy = element("button", "", "Copy path:line", { type: "button" });
      copy.addEventListener("click", () => copyText(`${site.path}:${site.line}`, copy));
      row.append(copy);
    }
    return row;
  }
}

/* Copies text, and shows the result on the button. */
async function copyText(text, button) {
  let copied = false;
  try {
    await navigator.clipboard.writeText(text);
    copied = true;
  } catch {
    // no permission, as in a sandboxed frame
    const field = element("textarea", "aside", "", { "aria-label": "Copied text" });
    field.value = text;
    button.after(field);
    field.select();
    copied = document.execCommand("copy");
    field.remove();
  }
  button.textContent = copied ? "Copied" : "Copying is not allowed here";
}
