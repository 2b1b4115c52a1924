/** Text that is HTML already. Only {@link html} makes it, so that whatever comes from a model is escaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Part[] | undefined;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for element content and for quoted attributes; control characters are shown as a replacement character. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (c) => escapes[c]).replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, '\ufffd');

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escapeHtml(part);
  return typeof part === 'number' ? String(part) : part.map(render).join('');
}

/** A template whose parts are escaped unless they are markup. Attributes must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((s, i) => s + (i < parts.length ? render(parts[i]) : '')).join(''));
}

/** A table with a head; numbers in the columns named in `right` stand to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | Markup)[])[],
  right: readonly number[],
): Markup {
  const align = (i: number): string => (right.includes(i) ? 'num' : '');
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((h, i) => html`<th class="${align(i)}" scope="col">${h}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) => html`<td class="${align(i)}">${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
