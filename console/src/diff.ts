/** Lines of two texts: what is in both, gone, new. Myers' way is not worth it for manifests: the table is bounded instead. */
export interface Line {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

const cellsMax = 4_000_000;

export function diff(before: string, after: string): Line[] {
  const a = before.split('\n');
  const b = after.split('\n');
  if (a.length * b.length > cellsMax) return [...a.map((text): Line => ({ kind: 'gone', text })), ...b.map((text): Line => ({ kind: 'new', text }))];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      common[i * width + j] = a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const out: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i]! });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      out.push({ kind: 'gone', text: a[i]! });
      i += 1;
    } else {
      out.push({ kind: 'new', text: b[j]! });
      j += 1;
    }
  }
  return out;
}
