/**
 * HTML of a README, taken apart and put together again from elements and attributes that are known to be harmless. The node has
 * cleaned it already; this is the second look, and nothing of the text ever becomes markup of this page by itself.
 */

const elements = new Set(
  'a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s samp span strong sub summary sup table tbody td th thead tr ul var'.split(' '),
);
/** What is inside them says nothing to a reader. */
const dropped = new Set('script style template iframe object embed svg math form input textarea select button noscript title head link meta base audio video'.split(' '));

const depthMax = 64;

function safeUrl(text: string | null, schemes: string[]): string | null {
  if (!text) return null;
  try {
    const url = new URL(text);
    return schemes.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function copy(from: Node, to: Node, depth: number): void {
  for (const x of from.childNodes) {
    if (x.nodeType === Node.TEXT_NODE) to.appendChild(document.createTextNode(x.textContent ?? ''));
    if (!(x instanceof Element) || depth > depthMax) continue;
    const name = x.localName;
    if (dropped.has(name)) continue;
    if (!elements.has(name)) {
      copy(x, to, depth + 1);
      continue;
    }
    if (name === 'img') {
      // The page loads nothing from elsewhere: a picture is a link to itself.
      const source = safeUrl(x.getAttribute('src'), ['https:']);
      const shown = document.createElement(source ? 'a' : 'span');
      shown.className = 'picture';
      shown.textContent = `🖼 ${x.getAttribute('alt') || 'picture'}`;
      if (source) link(shown as HTMLAnchorElement, source);
      to.appendChild(shown);
      continue;
    }
    const made = document.createElement(name);
    if (name === 'a') {
      const target = safeUrl(x.getAttribute('href'), ['https:', 'http:', 'mailto:']);
      if (target) link(made as HTMLAnchorElement, target);
    }
    copy(x, made, depth + 1);
    to.appendChild(made);
  }
}

function link(to: HTMLAnchorElement, target: string): void {
  to.href = target;
  to.rel = 'nofollow noopener noreferrer';
  to.target = '_blank';
}

interface Policy {
  createHTML: (x: string) => string;
}
interface TrustedTypes {
  createPolicy: (name: string, rules: { createHTML: (x: string) => string }) => Policy;
}

const types = (globalThis as unknown as { trustedTypes?: TrustedTypes }).trustedTypes;
// The parser's document runs nothing and loads nothing; what it holds only comes here by copy().
const policy = types?.createPolicy('readme', { createHTML: (x) => x });

export function put(html: string, into: HTMLElement): void {
  const parsed = new DOMParser().parseFromString((policy ? policy.createHTML(html) : html) as string, 'text/html');
  const out = document.createDocumentFragment();
  copy(parsed.body, out, 0);
  into.replaceChildren(out);
}
