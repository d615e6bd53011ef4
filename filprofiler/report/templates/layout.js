/* Lays out the boxes: bytes across, rows down, each node before those below it.
   A box is {node, row, start, leaf}; leaf: nothing lies below it. Below every other box the widths add up to its own. */

const LEAST_PIXELS = 1; // narrower boxes are folded
const FOLD_PARTS = 50; // a zoomed fold that is still too fine shows this many finer folds

function layOut(root, pixels) {
  const least = pixels > 0 ? (root.bytes * LEAST_PIXELS) / pixels : 0;
  const boxes = [],
    pending = [{ node: root, row: 0, start: 0, leaf: true }];
  while (pending.length) {
    const box = pending.pop();
    boxes.push(box);
    const below = box.row && box.node.kind === "fold" ? [] : shownBelow(box.node, least);
    let start = box.start + box.node.bytes;
    for (let place = below.length - 1; place >= 0; place--) {
      start -= below[place].bytes;
      pending.push({ node: below[place], row: box.row + 1, start, leaf: true });
    }
    box.leaf = !below.length;
  }
  return boxes;
}

/* The boxes shown below a node: all that are wide enough, and one fold for the rest. */
function shownBelow(node, least) {
  const items = node.items();
  let count = 0;
  while (count < items.length && items[count].kind !== "self" && items[count].bytes >= least) count += 1;
  if (count === items.length) return items;
  const last = items[items.length - 1];
  const self = last.kind === "self" && last.bytes >= least ? [last] : [];
  const end = items.length - self.length;
  if (count === 0 && node.kind === "fold" && items.length > FOLD_PARTS) return finerFolds(node, items.length);
  return items.slice(0, count).concat(self, count < end ? [node.fold(count, end)] : []);
}

function finerFolds(node, count) {
  const folds = [];
  for (let part = 0; part < FOLD_PARTS; part++) {
    folds.push(node.fold(Math.floor((count * part) / FOLD_PARTS), Math.floor((count * (part + 1)) / FOLD_PARTS)));
  }
  return folds;
}
