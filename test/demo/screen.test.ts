import { describe, expect, it } from 'vitest';
import type { Card } from '../../src/cards/parts/card.ts';
import { openScreen } from '../../src/demo/screen.ts';
import { terminal } from './terminal.ts';

/** A card that says one thing. */
const card = (words: string, tag = 'Uploading', more: readonly string[] = []): Card => ({
  header: {
    template: 'blue',
    title: { tag: 'plain_text', content: 'Orders' },
    text_tag_list: [{ tag: 'text_tag', text: { tag: 'plain_text', content: tag } }],
  },
  body: {
    elements: [words, ...more].map((content) => ({ tag: 'div', text: { tag: 'plain_text', content } })),
  },
});

const look = { color: false, person: 'Lin', listens: true };

function opened(columns = 40, rows = 30) {
  const paper = terminal(columns, rows);
  return { paper, screen: openScreen(paper, look) };
}

const shown = (words: string, tag = 'Uploading'): string[] => [
  '╭─────────────────────────────────────╮',
  `│ Orders${' '.repeat(27 - tag.length)}[${tag}] │`,
  `│ ${words.padEnd(35)} │`,
  '╰─────────────────────────────────────╯',
];

describe('on a terminal', () => {
  it('redraws the newest card in its place', () => {
    const { paper, screen } = opened();
    screen.spoken('/sync orders');
    screen.card('a', card('10 %'));
    screen.card('a', card('60 %'));
    expect(paper.lines()).toEqual(['Lin ▸ /sync orders', ...shown('60 %'), 'Lin ▸']);
  });

  it('grows and shrinks the newest card', () => {
    const { paper, screen } = opened();
    screen.card('a', card('10 %', 'Uploading', ['one', 'two']));
    screen.card('a', card('100 %', 'Done'));
    expect(paper.lines()).toEqual([...shown('100 %', 'Done'), 'Lin ▸']);
    screen.card('a', card('100 %', 'Done', ['more']));
    expect(paper.lines()).toHaveLength(6);
  });

  it('leaves alone what the person is typing', () => {
    const { paper, screen } = opened();
    screen.card('a', card('10 %'));
    paper.echo('/sync li');
    screen.card('a', card('60 %'));
    paper.echo('st');
    expect(paper.lines()).toEqual([...shown('60 %'), 'Lin ▸ /sync list']);
  });

  it('keeps an older card as it was, and shows its next version below', () => {
    const { paper, screen } = opened();
    screen.card('a', card('10 %'));
    paper.echo('/help\n');
    screen.typed('/help');
    screen.card('b', card('help'));
    screen.card('a', card('60 %'));
    screen.card('a', card('90 %'));
    expect(paper.lines()).toEqual([
      ...shown('10 %'),
      'Lin ▸ /help',
      ...shown('help'),
      ...shown('90 %'),
      'Lin ▸',
    ]);
  });

  it('keeps notes under their card while it changes', () => {
    const { paper, screen } = opened();
    screen.card('a', card('10 %'));
    screen.note('first');
    screen.card('a', card('60 %'));
    screen.note(`a long one ${'x'.repeat(50)}`);
    screen.card('a', card('90 %'));
    expect(paper.lines()).toEqual([...shown('90 %'), 'first', `a long one ${'x'.repeat(27)}…`, 'Lin ▸']);
  });

  it('draws anew when others wrote or the window changed its width', () => {
    const { paper, screen } = opened();
    screen.card('a', card('10 %'));
    screen.aside(() => paper.write('warn something\n'));
    screen.card('a', card('60 %'));
    expect(paper.lines()).toEqual([...shown('10 %'), 'warn something', ...shown('60 %'), 'Lin ▸']);
    paper.size = () => ({ columns: 60, rows: 30 });
    screen.card('a', card('90 %'));
    expect(paper.lines()[5]).toBe(shown('60 %')[0]);
    expect(paper.lines().filter((line) => line.startsWith('╭'))).toHaveLength(3);
  });

  it('never moves up further than the window is high', () => {
    const { paper, screen } = opened(40, 5);
    screen.say('before');
    screen.card('a', card('10 %', 'Uploading', ['one', 'two', 'three']));
    screen.card('a', card('60 %', 'Uploading', ['one', 'two', 'three']));
    const lines = paper.lines();
    expect(lines[0]).toBe('before');
    expect(lines.filter((line) => line.startsWith('╭'))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('╰'))).toHaveLength(2);
  });

  it('takes the prompt away at the end', () => {
    const { paper, screen } = opened();
    screen.say('done');
    screen.close();
    expect(paper.lines()).toEqual(['done', '']);
  });
});

describe('in a pipe', () => {
  const piped = () => {
    const paper = { ...terminal(40, 30), isTTY: false };
    return { paper, screen: openScreen(paper, look) };
  };

  it('writes a card again only when it is at another stage', () => {
    const { paper, screen } = piped();
    screen.card('a', card('10 %'));
    screen.card('a', card('60 %'));
    screen.card('a', card('100 %', 'Done'));
    expect(paper.lines()).toEqual([...shown('10 %'), ...shown('100 %', 'Done'), '']);
  });

  it('writes no control characters, and what was typed', () => {
    const { paper, screen } = piped();
    screen.spoken('/sync orders');
    screen.typed('/help');
    screen.note('a note');
    screen.close();
    expect(paper.lines()).toEqual(['Lin ▸ /sync orders', 'Lin ▸ /help', 'a note', '']);
  });
});

it('knows the buttons of the newest card', () => {
  const { screen } = opened();
  expect(screen.buttons()).toBeUndefined();
  const button = { tag: 'button', name: 'open', text: { tag: 'plain_text', content: 'Open table' } };
  screen.card('a', { header: {}, body: { elements: [button] } });
  expect(screen.buttons()).toMatchObject({
    message: 'a',
    buttons: [{ number: 1, name: 'open', label: 'Open table' }],
  });
  screen.card('b', card('no buttons'));
  expect(screen.buttons()).toMatchObject({ message: 'b', buttons: [] });
});
