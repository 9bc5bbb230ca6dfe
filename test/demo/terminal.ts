/** A terminal that is good enough for what the demo writes: it keeps all lines, those scrolled away too. */
export function terminal(columns: number, rows: number) {
  let lines: string[] = [''];
  let [row, column] = [0, 0];
  let saved: readonly [number, number] = [0, 0];

  const top = (): number => Math.max(0, lines.length - rows);
  const put = (character: string): void => {
    const cells = [...(lines[row] ?? '').padEnd(column)];
    cells[column] = character;
    lines[row] = cells.join('');
    column += 1;
  };
  const feed = (): void => {
    [row, column] = [row + 1, 0];
    lines[row] ??= '';
  };
  const control: Readonly<Record<string, (n: number) => void>> = {
    F: (n) => {
      [row, column] = [Math.max(top(), row - n), 0];
    },
    K: () => {
      lines[row] = [...(lines[row] ?? '')].slice(0, column).join('');
    },
    J: () => {
      control['K']?.(0);
      lines = lines.slice(0, row + 1);
    },
    7: () => {
      saved = [row, column];
    },
    8: () => {
      [row, column] = saved;
    },
    h: () => undefined,
    l: () => undefined,
  };

  const text = (words: string): void => {
    for (const character of words) {
      if (character === '\n') feed();
      else if (character === '\r') column = 0;
      else put(character);
    }
  };

  return {
    isTTY: true,
    size: () => ({ columns, rows }),
    write: (words: string): void => {
      const [first = '', ...controlled] = words.split('\u001b');
      text(first);
      for (const part of controlled) {
        const [all = '', number, letter] = /^\[\??(\d*)([A-Za-z])|^[78]/.exec(part) ?? [];
        const act = control[letter ?? all];
        if (!act) throw new Error(`the terminal does not know ${JSON.stringify(part.slice(0, 8))}`);
        act(Number(number === undefined || number === '' ? 1 : number));
        text(part.slice(all.length));
      }
    },
    /** What the person types is echoed by the terminal itself. */
    echo: text,
    lines: (): readonly string[] => lines.map((line) => line.trimEnd()),
  };
}
