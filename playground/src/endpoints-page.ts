import { type Endpoint, endpoints } from './endpoints.ts';

const titles = ['Name', 'Endpoint', 'Played', 'Rate', 'Scopes', 'Notes'];

const cells = ([name, endpoint]: readonly [string, Endpoint]): readonly string[] => {
  const { call, rate, scopes, played, notes, page } = endpoint;
  const limit = rate ? `${rate.calls} / ${rate.perMs / 1000} s` : '';
  const asked = scopes.map((scope) => `\`${scope}\``).join(' ');
  return [`\`${name}\``, `[${call}](https://open.feishu.cn/document/${page})`, played, limit, asked, notes];
};

/** Draws a Markdown table whose columns are as wide as their widest cell, as the formatter wants it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`;
  return [titles, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

/** Returns docs/endpoints.md: a row for each endpoint, in the order of the table of endpoints. */
export const endpointsPage = (): string => `# Endpoints

<!-- Written by \`npm run endpoints -w playground\`; a test compares. -->

What the playground answers. Any other path answers 404 and is noted: \`bitable-playground\` prints it, and
\`playground.unknown\` lists it. _Name_ is what calls and faults know an endpoint by. _Played_ is **full** where
everything on Feishu's page that an app can notice is played, else **part**: see the notes. Any one of the scopes is
enough; without them the call needs no scope. Every call but \`auth.token\` and \`ws.endpoint\` needs a token.

${table(Object.entries(endpoints).map(cells))}
`;
