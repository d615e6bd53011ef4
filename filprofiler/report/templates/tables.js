/* The sortable tables of lines and functions, with all rows; a row's button marks its boxes. */

const FIRST_ROWS = 30,
  MORE_ROWS = 100;

/* The rows of a table, from the page's data: {site, sites, own, total}. keyOf(site): the key shared by a row's sites. */
function rowsOf(profile, held, keyOf) {
  const groups = new Map();
  for (const site of profile.sites) {
    const key = keyOf(site);
    if (!groups.has(key)) groups.set(key, new Set());
    groups.get(key).add(site.number);
  }
  const rows = [];
  for (let at = 0; at < held.length; at += 3) {
    const site = profile.sites[held[at]];
    rows.push({ site, sites: groups.get(keyOf(site)), own: held[at + 1], total: held[at + 2] });
  }
  return rows;
}

class Table {
  /* label(site): the text of a row's button. mark(row, words): called when it is pressed. */
  constructor(place, rows, profile, label, mark) {
    Object.assign(this, { place, rows, profile, label, mark, shown: FIRST_ROWS, by: "total", down: true });
    this.heads = Array.from(place.querySelectorAll("th[data-by]"));
    for (const head of this.heads) {
      const button = element("button", "", head.textContent, { type: "button" });
      button.addEventListener("click", () => this.sort(head.dataset.by));
      head.replaceChildren(button);
    }
    this.more = element("button", "more", "", { type: "button" });
    this.more.addEventListener("click", () => {
      this.shown += MORE_ROWS;
      this.draw();
    });
    place.parentElement.after(this.more);
    this.draw();
  }

  sort(by) {
    this.down = this.by === by ? !this.down : by !== "place" && by !== "source";
    this.by = by;
    const value = {
      own: (row) => row.own,
      total: (row) => row.total,
      place: (row) => this.label(row.site),
      source: (row) => this.profile.source.at(row.site),
    }[by];
    const sign = this.down ? -1 : 1;
    this.rows.sort((first, second) => {
      const one = value(first),
        other = value(second);
      return one < other ? -sign : one > other ? sign : 0;
    });
    this.draw();
  }

  draw() {
    for (const head of this.heads) {
      if (head.dataset.by === this.by) head.setAttribute("aria-sort", this.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    this.place.tBodies[0].replaceChildren(...this.rows.slice(0, this.shown).map((row) => this.elementOf(row)));
    const hidden = this.rows.length - this.shown;
    this.more.hidden = hidden <= 0;
    this.more.textContent = `Show ${Math.min(hidden, MORE_ROWS)} more of ${grouped(this.rows.length)}`;
  }

  elementOf(row) {
    const made = element("tr"),
      place = element("td", "place"),
      words = this.label(row.site);
    const mark = element("button", "", words, { type: "button", title: `${fullLabel(row.site)}: mark its boxes` });
    mark.addEventListener("click", () => this.mark(row, words));
    place.append(mark);
    made.append(
      element("td", "", humanBytes(row.own), { title: exactBytes(row.own) }),
      element("td", "", humanBytes(row.total), { title: exactBytes(row.total) }),
      element("td", "", percent(row.total, this.profile.peak, 1)),
      place,
      element("td", "source", this.profile.source.at(row.site)),
    );
    return made;
  }
}
