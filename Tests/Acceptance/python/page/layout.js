// What is wrong with how a view lies on the screen: returns sentences.
() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      return width > 0 && right > root.clientWidth + 1;
    });
    faults.push(`sideways scroll of ${root.scrollWidth - root.clientWidth} px by `
      + wide.slice(0, 3).map(name).join(', '));
  }
  const modal = document.querySelector('dialog[open]');
  const scope = modal ?? document.body;
  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return false;
    for (let parent = element; parent; parent = parent.parentElement) {
      // What is for screen readers alone.
      if (parent.offsetWidth < 2 && getComputedStyle(parent).overflow === 'hidden') return false;
    }
    return element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
      && !element.closest('.skip');
  };
  function name(element) {
    const text = element.name || element.textContent.trim().slice(0, 30);
    const role = element.className?.baseVal ?? element.className;
    return `${element.tagName.toLowerCase()}${role ? `.${role.split(' ').join('.')}` : ''} "${text}"`;
  }
  // Targets of at least 24 px; links inside of a text are exempt, and a box counts with its label.
  for (const target of scope.querySelectorAll('button, select, input, textarea, summary, a[href]')) {
    if (!isSeen(target) || target.type === 'hidden') continue;
    const label = target.closest('label');
    const { width, height } = (label && /checkbox|radio/.test(target.type) ? label : target)
      .getBoundingClientRect();
    const isInline = target.tagName === 'A' && getComputedStyle(target).display === 'inline';
    if (!isInline && (width < 23.5 || height < 23.5)) {
      faults.push(`target of ${Math.round(width)} × ${Math.round(height)} px: ${name(target)}`);
    }
  }
  // Nothing is cut off: a box that hides what is too large for it holds nothing too large.
  const leaves = [...scope.querySelectorAll('*')].filter((element) => isSeen(element)
    && !element.closest('svg, textarea, select, option, pre')
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  for (const leaf of leaves) {
    for (let box = leaf; box && box !== document.body; box = box.parentElement) {
      const { overflowX, textOverflow } = getComputedStyle(box);
      if (overflowX === 'auto' || overflowX === 'scroll') break;
      if (overflowX !== 'hidden' && overflowX !== 'clip') continue;
      const outer = box.getBoundingClientRect();
      // Dots say that something is cut; what is for screen readers alone has no size.
      if (textOverflow === 'ellipsis' || outer.width < 2 || outer.height < 2) break;
      const range = document.createRange();
      range.selectNodeContents(leaf);
      const inner = range.getBoundingClientRect();
      if (inner.right > outer.right + 1 || inner.left < outer.left - 1) {
        faults.push(`cut off: ${name(leaf)}`);
      }
      break;
    }
  }
  // No text lies on another: by the lines of the texts, not by the boxes around them.
  const lines = leaves.flatMap((leaf) => [...leaf.childNodes]
    .filter((node) => node.nodeType === 3 && node.data.trim())
    .flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1)
        .map((box) => ({ box, leaf }));
    }));
  const isFixed = (element) => {
    for (let box = element; box; box = box.parentElement) {
      if (/fixed|sticky/.test(getComputedStyle(box).position)) return true;
    }
    return false;
  };
  const still = lines.filter(({ leaf }) => !isFixed(leaf));
  still.sort((one, other) => one.box.top - other.box.top);
  for (let at = 0; at < still.length; at += 1) {
    const { box, leaf } = still[at];
    for (let next = at + 1; next < still.length && still[next].box.top < box.bottom; next += 1) {
      const other = still[next];
      if (other.leaf === leaf || leaf.contains(other.leaf) || other.leaf.contains(leaf)) continue;
      const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (across > 2 && down > Math.min(box.height, other.box.height) / 3) {
        faults.push(`overlap: ${name(leaf)} and ${name(other.leaf)}`);
      }
    }
  }
  return [...new Set(faults)];
}
