import { isObject } from '../bitable/values/kind.ts';
import { Refusal } from '../gateway/reply.ts';
import {
  allowedValues,
  commonProps,
  elementRules,
  oldTags,
  type Prop,
  partProps,
  partRules,
  type TagRule,
} from './card-tags.ts';

/** Why a card is refused: the `ErrCode` that the answer carries, and what is wrong where. */
export interface CardFault {
  readonly code: number;
  readonly why: string;
}

type Json = Readonly<Record<string, unknown>>;

class Bad extends Error {
  readonly code: number;
  constructor(code: number, why: string) {
    super(why);
    this.code = code;
  }
}

/** `ErrCode`s: a JSON that is no card, an unknown tag, and the limits that share one number. */
const malformed = 200621;
const unknownTag = 200861;
const limit = 11310;
const doubledId = 300301;
const emptyName = 200530;

/** What is counted while a card is walked. */
interface Tally {
  elements: number;
  tables: number;
  readonly ids: Set<string>;
  readonly names: Set<string>;
}

/** Where an element stands. */
interface Spot {
  readonly path: string;
  readonly depth: number;
  readonly root: boolean;
  readonly inForm: boolean;
}

const most = { elements: 200, tables: 5, depth: 5, tableColumns: 50 } as const;

function keysOnly(value: Json, allowed: readonly string[], path: string): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw new Bad(malformed, `unknown property ${key} at ${path}`);
  }
}

function oneOf(key: string, value: unknown, path: string): void {
  const allowed = allowedValues[key];
  if (allowed && value !== undefined && !allowed.includes(String(value))) {
    throw new Bad(malformed, `${String(value)} is no ${key} at ${path}`);
  }
}

function objectAt(value: unknown, path: string): Json {
  if (!isObject(value)) throw new Bad(malformed, `an object is needed at ${path}`);
  return value;
}

function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Bad(malformed, `a list is needed at ${path}`);
  return value;
}

/** Markdown tables count as tables of the card. */
const markdownTables = (content: string): number =>
  content.match(/^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$/gm)?.length ?? 0;

function count(tally: Tally, value: Json, path: string): void {
  tally.elements += 1;
  if (tally.elements > most.elements) throw new Bad(limit, `element exceeds the limit of ${most.elements}`);
  const { element_id: id, tag, content } = value;
  if (tag === 'table') tally.tables += 1;
  if (tag === 'markdown' && typeof content === 'string') tally.tables += markdownTables(content);
  if (tally.tables > most.tables) throw new Bad(limit, `card table number over limit ${most.tables}`);
  if (id === undefined) return;
  if (typeof id !== 'string' || !/^[A-Za-z][A-Za-z0-9_]{0,19}$/.test(id)) {
    throw new Bad(
      malformed,
      `element_id ${String(id)} is not a letter and up to 19 letters, digits, _ at ${path}`,
    );
  }
  if (tally.ids.has(id)) throw new Bad(doubledId, `duplicate element_id ${id}`);
  tally.ids.add(id);
}

function checkBehaviors(value: unknown, path: string): void {
  for (const [at, one] of listAt(value, path).entries()) {
    const behavior = objectAt(one, `${path}[${at}]`);
    if (behavior['type'] === 'callback') {
      keysOnly(behavior, ['type', 'value'], path);
      if (!isObject(behavior['value']))
        throw new Bad(malformed, `the value of a callback must be an object at ${path}`);
    } else if (behavior['type'] === 'open_url') {
      keysOnly(behavior, ['type', 'default_url', 'android_url', 'ios_url', 'pc_url'], path);
      if (typeof behavior['default_url'] !== 'string')
        throw new Bad(malformed, `open_url needs default_url at ${path}`);
    } else if (behavior['type'] !== 'form_action') {
      throw new Bad(malformed, `${String(behavior['type'])} is no behavior at ${path}`);
    }
  }
}

function checkConfirm(value: unknown, path: string, tally: Tally): void {
  const confirm = objectAt(value, path);
  keysOnly(confirm, ['title', 'text'], path);
  checkPart(confirm['title'], `${path}.title`, tally);
  checkPart(confirm['text'], `${path}.text`, tally);
}

function checkOptions(value: unknown, path: string, tally: Tally): void {
  for (const [at, one] of listAt(value, path).entries()) {
    const option = objectAt(one, `${path}[${at}]`);
    keysOnly(
      option,
      ['text', 'value', 'icon', 'multi_url', 'img_key', 'disabled', 'disabled_tips', 'hover_tips'],
      path,
    );
    if (option['text'] !== undefined) checkPart(option['text'], `${path}[${at}].text`, tally);
  }
}

function checkPanelHeader(value: unknown, path: string, tally: Tally): void {
  const header = objectAt(value, path);
  keysOnly(header, partProps.panelHeader, path);
  if (header['title'] !== undefined) {
    if (objectAt(header['title'], path)['tag'] === 'markdown') tally.elements += 1;
    else checkPart(header['title'], `${path}.title`, tally);
  }
  if (header['icon'] !== undefined) checkPart(header['icon'], `${path}.icon`, tally);
}

/** A text, an icon or a tag. */
function checkPart(value: unknown, path: string, tally: Tally): void {
  const part = objectAt(value, path);
  const tag = String(part['tag']);
  const rule = partRules[tag];
  if (!rule) throw new Bad(malformed, `${tag} is no text or icon at ${path}`);
  count(tally, part, path);
  checkProps(part, tag, rule, { path, depth: 0, root: false, inForm: false }, tally);
}

function checkProp(kind: Prop, value: unknown, spot: Spot, tally: Tally): void {
  const { path } = spot;
  switch (kind) {
    case 'any':
      return;
    case 'string':
    case 'number':
    case 'boolean':
      if (typeof value !== kind) throw new Bad(malformed, `a ${kind} is needed at ${path}`);
      return;
    case 'tagged':
      checkPart(value, path, tally);
      return;
    case 'elements':
      for (const [at, one] of listAt(value, path).entries())
        checkElement(one, { ...spot, path: `${path}[${at}]` }, tally);
      return;
    case 'columns':
      for (const [at, one] of listAt(value, path).entries())
        checkColumn(one, { ...spot, path: `${path}[${at}]` }, tally);
      return;
    case 'behaviors':
      checkBehaviors(value, path);
      return;
    case 'confirm':
      checkConfirm(value, path, tally);
      return;
    case 'options':
      checkOptions(value, path, tally);
      return;
    case 'panelHeader':
      checkPanelHeader(value, path, tally);
      return;
  }
}

function checkProps(element: Json, tag: string, rule: TagRule, spot: Spot, tally: Tally): void {
  for (const name of rule.required ?? []) {
    if (element[name] === undefined) throw new Bad(malformed, `${tag} needs ${name} at ${spot.path}`);
  }
  for (const [name, value] of Object.entries(element)) {
    const kind = rule.props[name] ?? commonProps[name];
    const path = `${spot.path}.${name}`;
    if (!kind) throw new Bad(malformed, `unknown property ${name} of ${tag} at ${spot.path}`);
    oneOf(`${tag}.${name}`, value, path);
    checkProp(kind, value, { ...spot, path, root: false }, tally);
  }
}

function checkColumn(value: unknown, spot: Spot, tally: Tally): void {
  const column = objectAt(value, spot.path);
  const rule = elementRules['column'];
  if (column['tag'] !== 'column' || !rule) throw new Bad(malformed, `a column is needed at ${spot.path}`);
  count(tally, column, spot.path);
  checkProps(column, 'column', rule, spot, tally);
}

function checkName(element: Json, tag: string, rule: TagRule, spot: Spot, tally: Tally): void {
  const { name } = element;
  const needed = tag === 'form' || (rule.interactive === true && spot.inForm);
  if (name === undefined || name === '') {
    if (needed) throw new Bad(emptyName, `the name of ${tag} is empty at ${spot.path}`);
    return;
  }
  if (rule.props['name'] === undefined) return;
  if (tally.names.has(String(name))) throw new Bad(malformed, `duplicate name ${String(name)}`);
  tally.names.add(String(name));
}

const hasSubmit = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(hasSubmit);
  if (!isObject(value)) return false;
  if (value['tag'] === 'button' && value['form_action_type'] === 'submit') return true;
  return Object.values(value).some(hasSubmit);
};

function checkElement(value: unknown, spot: Spot, tally: Tally): void {
  const element = objectAt(value, spot.path);
  const tag = String(element['tag']);
  const rule = elementRules[tag];
  if (!rule || tag === 'column') {
    const why = oldTags.has(tag)
      ? `cards of schema V2 no longer support this capability; unsupported tag ${tag}`
      : `unknown tag ${tag}`;
    throw new Bad(unknownTag, `${why} at ${spot.path}`);
  }
  if (rule.root && !spot.root)
    throw new Bad(malformed, `${tag} may only stand directly in the body, not at ${spot.path}`);
  const depth = spot.depth + (rule.container ? 1 : 0);
  if (depth > most.depth) throw new Bad(malformed, `elements nest deeper than ${most.depth} at ${spot.path}`);
  if (spot.inForm && tag === 'chart') throw new Bad(malformed, `a form may not hold a chart at ${spot.path}`);
  count(tally, element, spot.path);
  checkName(element, tag, rule, spot, tally);
  if (tag === 'form' && !hasSubmit(element['elements']))
    throw new Bad(malformed, `form needs a submit button at ${spot.path}`);
  if (tag === 'table') checkTable(element, spot.path);
  checkProps(element, tag, rule, { ...spot, depth, inForm: spot.inForm || tag === 'form' }, tally);
}

/** https://open.feishu.cn/document/feishu-cards/card-json-v2-components/content-components/table */
function checkTable(table: Json, path: string): void {
  const columns = listAt(table['columns'], `${path}.columns`);
  if (columns.length > most.tableColumns)
    throw new Bad(200914, `a table has at most ${most.tableColumns} columns at ${path}`);
  const size = table['page_size'];
  const fits = size === undefined || (Number.isInteger(size) && Number(size) >= 1 && Number(size) <= 10);
  if (!fits) throw new Bad(malformed, `page_size is 1 to 10 at ${path}`);
  const names = new Set(columns.map((column) => objectAt(column, path)['name']));
  for (const row of listAt(table['rows'], `${path}.rows`)) {
    for (const name of Object.keys(objectAt(row, path))) {
      if (!names.has(name)) throw new Bad(200915, `the row name ${name} is no column at ${path}`);
    }
  }
}

function checkHeader(value: unknown, tally: Tally): void {
  const header = objectAt(value, 'header');
  keysOnly(header, partProps.header, 'header');
  oneOf('header.template', header['template'], 'header');
  for (const name of ['title', 'subtitle', 'icon']) {
    if (header[name] !== undefined) checkPart(header[name], `header.${name}`, tally);
  }
  for (const tag of listAt(header['text_tag_list'] ?? [], 'header.text_tag_list')) {
    checkPart(tag, 'header.text_tag_list', tally);
  }
}

function checkConfig(value: unknown): void {
  const config = objectAt(value, 'config');
  keysOnly(config, partProps.config, 'config');
  oneOf('config.width_mode', config['width_mode'], 'config');
  if (config['update_multi'] === false) throw new Bad(malformed, 'update_multi can only be true');
}

function check(card: unknown): void {
  const root = objectAt(card, 'the card');
  if (Object.keys(root).length === 0) return;
  if (root['schema'] !== '2.0') throw new Bad(unknownTag, 'the playground only knows cards of schema 2.0');
  keysOnly(root, partProps.card, 'the card');
  const tally: Tally = { elements: 0, tables: 0, ids: new Set(), names: new Set() };
  if (root['config'] !== undefined) checkConfig(root['config']);
  if (root['header'] !== undefined) checkHeader(root['header'], tally);
  if (root['body'] === undefined) return;
  const body = objectAt(root['body'], 'body');
  keysOnly(body, partProps.body, 'body');
  for (const [at, one] of listAt(body['elements'] ?? [], 'body.elements').entries()) {
    checkElement(one, { path: `body.elements[${at}]`, depth: 0, root: true, inForm: false }, tally);
  }
}

/** What is wrong with a card of JSON 2.0; `undefined` when it would be taken. */
export function cardFault(card: unknown): CardFault | undefined {
  try {
    check(card);
    return undefined;
  } catch (error) {
    if (error instanceof Bad) return { code: error.code, why: error.message };
    throw error;
  }
}

/**
 * Checks the `content` of a card message. Throws 230099 with the card's own code in the message, as
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create describes.
 */
export function checkCard(content: string): void {
  let card: unknown;
  try {
    card = JSON.parse(content);
  } catch {
    card = undefined;
  }
  const fault = cardFault(card);
  if (!fault) return;
  const ext = `ext=ErrCode: ${fault.code}; ErrMsg: ${fault.why}; ErrorValue: ;`;
  throw new Refusal(230099, { msg: `Failed to create card content, ${ext}` });
}
