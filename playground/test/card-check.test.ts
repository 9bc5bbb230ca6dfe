import { describe, expect, it } from 'vitest';
import { cardFault } from '../src/chat/card-check.ts';

const text = (content: string) => ({ tag: 'plain_text', content });
const card = (...elements: unknown[]) => ({ schema: '2.0', body: { elements } });
const md = (content = 'x') => ({ tag: 'markdown', content });
const button = (more: object = {}) => ({
  tag: 'button',
  text: text('Go'),
  behaviors: [{ type: 'callback', value: { op: 'go' } }],
  ...more,
});
const columns = (...elements: unknown[]) => ({
  tag: 'column_set',
  columns: [{ tag: 'column', width: 'weighted', weight: 1, elements }],
});
const panel = (...elements: unknown[]) => ({
  tag: 'collapsible_panel',
  header: { title: text('More') },
  elements,
});
const form = (...elements: unknown[]) => ({ tag: 'form', name: 'f', elements });
const submit = button({ name: 'send', form_action_type: 'submit' });
const table = {
  tag: 'table',
  columns: [{ name: 'a', display_name: 'A', data_type: 'text' }],
  rows: [{ a: 'x' }],
};
const deep = (levels: number): object => (levels === 0 ? md() : columns(deep(levels - 1)));

describe('takes', () => {
  const everything = {
    schema: '2.0',
    config: {
      update_multi: true,
      width_mode: 'fill',
      summary: { content: '42 %', i18n_content: { en_us: '42 %' } },
    },
    header: {
      template: 'blue',
      title: { ...text('Sync'), i18n_content: { zh_cn: '同步' } },
      subtitle: text('run'),
      text_tag_list: [{ tag: 'text_tag', text: text('running'), color: 'orange' }],
      icon: { tag: 'standard_icon', token: 'bitable_outlined', color: 'blue' },
    },
    card_link: { url: 'https://example.com' },
    body: {
      direction: 'vertical',
      vertical_spacing: 'medium',
      elements: [
        { ...md('**x**'), element_id: 'progress', text_size: 'notation' },
        {
          tag: 'div',
          text: { ...text('x'), text_color: 'grey' },
          icon: { tag: 'standard_icon', token: 'x_outlined' },
        },
        columns(button({ name: 'retry', confirm: { title: text('Sure?'), text: text('Yes') } }), md()),
        { tag: 'hr', margin: '4px 0px' },
        panel(md()),
        table,
        { tag: 'img', img_key: 'img_v3_x', alt: text('a') },
        { tag: 'person', user_id: 'ou_x' },
        { tag: 'overflow', options: [{ text: text('a'), value: 'a' }] },
        {
          tag: 'interactive_container',
          elements: [md()],
          behaviors: [{ type: 'open_url', default_url: 'https://example.com' }],
        },
        { tag: 'checker', name: 'check', text: text('done'), checked: false },
        { tag: 'date_picker', name: 'day' },
        { tag: 'picker_time', name: 'time' },
        { tag: 'picker_datetime', name: 'moment' },
        { tag: 'chart', chart_spec: { type: 'bar' } },
        form(
          { tag: 'input', name: 'note', max_length: 100, label: text('Note') },
          { tag: 'select_static', name: 'one', options: [{ text: text('A'), value: 'a' }], required: true },
          { tag: 'multi_select_static', name: 'many', options: [{ text: text('A'), value: 'a' }] },
          submit,
        ),
      ],
    },
  };
  it.each([
    ['a card of every kind of element', everything],
    ['an empty card', {}],
    ['five levels of containers', card(deep(5))],
    ['200 elements', card(...Array.from({ length: 200 }, () => md()))],
    ['five tables', card(table, table, table, table, table)],
  ])('%s', (_name, one) => {
    expect(cardFault(one)).toBeUndefined();
  });
});

describe('refuses', () => {
  it.each([
    ['a card of JSON 1.0', { elements: [] }, 200861],
    ['a row of buttons as in JSON 1.0', card({ tag: 'action', actions: [] }), 200861],
    ['a note as in JSON 1.0', card({ tag: 'note', elements: [] }), 200861],
    ['a tag that does not exist', card({ tag: 'blink' }), 200861],
    ['a property that a tag does not have', card({ ...md(), colour: 'red' }), 200621],
    ['a link on a button as in JSON 1.0', card(button({ url: 'https://example.com' })), 200621],
    ['an unknown member of the card', { ...card(), elements: [] }, 200621],
    ['an unknown member of the config', { ...card(), config: { wide_screen_mode: true } }, 200621],
    ['a card for one person only', { ...card(), config: { update_multi: false } }, 200621],
    [
      'an unknown colour of the header',
      { ...card(), header: { title: text('x'), template: 'pink' } },
      200621,
    ],
    ['an unknown kind of button', card(button({ type: 'warning' })), 200621],
    ['a text that is a string', card({ tag: 'div', text: 'x' }), 200621],
    [
      'a callback whose value is a string',
      card(button({ behaviors: [{ type: 'callback', value: 'go' }] })),
      200621,
    ],
    ['201 elements', card(...Array.from({ length: 201 }, () => md())), 11310],
    ['201 elements with their texts', card(...Array.from({ length: 101 }, () => button())), 11310],
    ['six tables', card(...Array.from({ length: 6 }, () => table)), 11310],
    [
      'six tables, some in markdown',
      card(table, table, table, table, table, md('a | b\n--- | ---\n1 | 2')),
      11310,
    ],
    ['an element_id twice', card({ ...md(), element_id: 'a' }, { ...md(), element_id: 'a' }), 300301],
    ['an element_id of 21 characters', card({ ...md(), element_id: 'a'.repeat(21) }), 200621],
    ['an element_id that starts with a digit', card({ ...md(), element_id: '1a' }), 200621],
    ['a name twice', card(button({ name: 'a' }), button({ name: 'a' })), 200621],
    ['a table that is not directly in the body', card(columns(table)), 200621],
    ['a form that is not directly in the body', card(panel(form(submit))), 200621],
    ['a form without a submit button', card(form(md())), 200621],
    ['a form with a nameless input', card(form({ tag: 'input' }, submit)), 200530],
    ['six levels of containers', card(deep(6)), 200621],
    ['a row with a column that is not there', card({ ...table, rows: [{ b: 'x' }] }), 200915],
    ['a column directly in the body', card({ tag: 'column', elements: [] }), 200861],
    ['what is no object', 'x', 200621],
  ])('%s', (_name, one, code) => {
    expect(cardFault(one)?.code).toBe(code);
  });
});
