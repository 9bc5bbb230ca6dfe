import { type Locale, type Text, text } from '../sync/text.ts';
import { button, type Verb } from './button.ts';
import { type Card, type Element, makeCard } from './card.ts';
import { colours } from './look.ts';
import { plain, same } from './plain.ts';

/** A field of a {@link askCard}. */
export type Asked =
  | {
      readonly kind: 'definition';
      readonly names: readonly { readonly name: string; readonly title: string }[];
    }
  | { readonly kind: 'words'; readonly label: Text; readonly hint: Text };

/**
 * Asks for what a command lacks. What is filled in comes back as `form_value`: `name` and `more`.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container
 */
export function askCard(verb: Verb, definition: string, fields: readonly Asked[], locale: Locale): Card {
  const title = text('还缺一点', 'One thing is missing');
  return makeCard(
    {
      colour: colours.asking,
      title,
      subtitle: same(`/sync ${verb}${definition === '' ? '' : ` ${plain(definition, 40)}`}`),
      summary: title,
      elements: [
        {
          tag: 'form',
          name: 'ask',
          elements: [
            ...fields.map(field),
            button(
              { op: 'command', verb, run: definition, v: 0 },
              { label: text('确定', 'OK'), name: 'submit', type: 'primary', submit: true },
            ),
          ],
        },
      ],
    },
    locale,
  );
}

/** A select of Feishu takes at most this many options here, so that the card stays under its limits. */
const mostOptions = 50;

function field(asked: Asked): Element {
  if (asked.kind === 'words')
    return {
      ...{ tag: 'input', name: 'more', required: true, max_length: 200 },
      label: { tag: 'plain_text', content: asked.label },
      placeholder: { tag: 'plain_text', content: asked.hint },
    };
  return {
    ...{ tag: 'select_static', name: 'name', required: true },
    placeholder: { tag: 'plain_text', content: text('选择同步', 'Choose a sync') },
    options: asked.names.slice(0, mostOptions).map(({ name, title }) => ({
      text: {
        tag: 'plain_text',
        content: plain(title === name ? name : `${title} · ${name}`, 60),
      },
      value: name,
    })),
  };
}
