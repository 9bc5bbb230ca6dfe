import { isObject } from '../bitable/values/kind.ts';
import type { VersionState } from '../world.ts';

/** A button or another element of a card that can be acted on. */
export interface CardControl {
  readonly tag: string;
  readonly name: string;
  readonly text: string;
  readonly disabled: boolean;
  readonly element: Readonly<Record<string, unknown>>;
  /** The form that the element stands in. */
  readonly form: Readonly<Record<string, unknown>> | undefined;
}

type Element = Readonly<Record<string, unknown>>;

const controlTags = new Set([
  'button',
  'input',
  'select_static',
  'multi_select_static',
  'select_person',
  'multi_select_person',
  'date_picker',
  'picker_time',
  'picker_datetime',
  'select_img',
  'checker',
  'overflow',
  'interactive_container',
]);

const textOf = (value: unknown): string =>
  isObject(value) && typeof value['content'] === 'string' ? value['content'] : '';

function walk(value: unknown, form: Element | undefined, found: CardControl[]): void {
  if (Array.isArray(value)) for (const item of value as unknown[]) walk(item, form, found);
  if (!isObject(value)) return;
  const tag = value['tag'];
  if (typeof tag === 'string' && controlTags.has(tag)) {
    const name = typeof value['name'] === 'string' ? value['name'] : '';
    found.push({
      tag,
      name,
      text: textOf(value['text']),
      disabled: value['disabled'] === true,
      element: value,
      form,
    });
  }
  const inside = tag === 'form' ? value : form;
  for (const [key, child] of Object.entries(value)) {
    if (key !== 'behaviors' && key !== 'rows' && key !== 'chart_spec') walk(child, inside, found);
  }
}

/** All elements of a card that can be acted on, in their order. */
export function cardControls(card: Element | undefined): CardControl[] {
  const found: CardControl[] = [];
  walk(card?.['body'], undefined, found);
  return found;
}

function collect(value: unknown, texts: string[]): void {
  if (Array.isArray(value)) for (const item of value as unknown[]) collect(item, texts);
  if (!isObject(value)) return;
  if (typeof value['content'] === 'string') texts.push(value['content']);
  for (const [key, child] of Object.entries(value)) if (key !== 'behaviors') collect(child, texts);
  if (value['tag'] === 'table') texts.push(JSON.stringify(value['rows']));
}

/** All the text of a message version, line by line: title, markdown, buttons, or what a text message says. */
export function versionText({ card, content }: VersionState): string {
  const texts: string[] = [];
  if (card) {
    collect(card['header'], texts);
    collect(card['body'], texts);
    return texts.join('\n');
  }
  const parsed: unknown = JSON.parse(content);
  return isObject(parsed) && typeof parsed['text'] === 'string' ? parsed['text'] : content;
}
