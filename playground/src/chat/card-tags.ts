/** What a property of a card element may hold. */
export type Prop =
  | 'string'
  | 'number'
  | 'boolean'
  /** Anything; not looked into. */
  | 'any'
  /** An object with a `tag` of its own: a text or an icon. */
  | 'tagged'
  /** A list of elements of the card. */
  | 'elements'
  /** A list of `column`s. */
  | 'columns'
  /** What happens on a click. */
  | 'behaviors'
  /** Title and text of a question. */
  | 'confirm'
  /** The choices of a select. */
  | 'options'
  | 'panelHeader';

/** What the checker knows about a tag. */
export interface TagRule {
  readonly props: Readonly<Record<string, Prop>>;
  readonly required?: readonly string[];
  /** True when it may stand only directly in the card's body. */
  readonly root?: boolean;
  /** True when other elements stand in it; such elements nest at most five deep. */
  readonly container?: boolean;
  /** True when people act on it; inside a form it then needs a `name`. */
  readonly interactive?: boolean;
}

const layout = {
  direction: 'string',
  horizontal_spacing: 'string',
  horizontal_align: 'string',
  vertical_spacing: 'string',
  vertical_align: 'string',
  padding: 'string',
} as const;

const acting = {
  name: 'string',
  disabled: 'boolean',
  disabled_tips: 'tagged',
  hover_tips: 'tagged',
  confirm: 'confirm',
  behaviors: 'behaviors',
} as const;

const filling = { ...acting, required: 'boolean', placeholder: 'tagged', width: 'string' } as const;

const choosing = { ...filling, type: 'string', options: 'options' } as const;

/** Properties that every element may have. */
export const commonProps: Readonly<Record<string, Prop>> = {
  tag: 'string',
  element_id: 'string',
  margin: 'string',
};

/**
 * The elements of card JSON 2.0 and their properties; anything else is an error there.
 * https://open.feishu.cn/document/feishu-cards/card-json-v2-components/component-json-v2-overview
 */
export const elementRules: Readonly<Record<string, TagRule>> = {
  markdown: {
    props: {
      content: 'string',
      i18n_content: 'any',
      text_size: 'string',
      text_align: 'string',
      icon: 'tagged',
    },
    required: ['content'],
  },
  div: { props: { text: 'tagged', icon: 'tagged', width: 'string' } },
  hr: { props: {} },
  img: {
    props: {
      img_key: 'string',
      alt: 'tagged',
      title: 'tagged',
      corner_radius: 'string',
      scale_type: 'string',
      size: 'string',
      transparent: 'boolean',
      preview: 'boolean',
    },
    required: ['img_key'],
  },
  img_combination: {
    props: {
      combination_mode: 'string',
      corner_radius: 'string',
      img_list: 'any',
      combination_transparent: 'boolean',
    },
    required: ['img_list'],
  },
  person: {
    props: {
      user_id: 'string',
      size: 'string',
      show_avatar: 'boolean',
      show_name: 'boolean',
      style: 'string',
    },
    required: ['user_id'],
  },
  person_list: {
    props: {
      persons: 'any',
      size: 'string',
      lines: 'number',
      show_avatar: 'boolean',
      show_name: 'boolean',
      drop_invalid_user_id: 'boolean',
      icon: 'tagged',
      ud_icon: 'tagged',
    },
    required: ['persons'],
  },
  chart: {
    props: {
      chart_spec: 'any',
      aspect_ratio: 'string',
      color_theme: 'string',
      preview: 'boolean',
      height: 'string',
    },
    required: ['chart_spec'],
  },
  audio: {
    props: { audio_id: 'string', file_key: 'string', width: 'string', show_time: 'boolean', style: 'string' },
  },
  table: {
    root: true,
    props: {
      page_size: 'number',
      row_height: 'string',
      row_max_height: 'string',
      freeze_first_column: 'boolean',
      header_style: 'any',
      columns: 'any',
      rows: 'any',
    },
    required: ['columns', 'rows'],
  },
  column_set: {
    container: true,
    props: {
      flex_mode: 'string',
      background_style: 'string',
      horizontal_spacing: 'string',
      horizontal_align: 'string',
      columns: 'columns',
      action: 'any',
    },
    required: ['columns'],
  },
  column: {
    props: {
      ...layout,
      background_style: 'string',
      width: 'string',
      weight: 'number',
      elements: 'elements',
      action: 'any',
    },
  },
  form: {
    root: true,
    container: true,
    props: { ...layout, name: 'string', elements: 'elements' },
    required: ['name', 'elements'],
  },
  collapsible_panel: {
    container: true,
    props: {
      ...layout,
      expanded: 'boolean',
      background_color: 'string',
      header: 'panelHeader',
      border: 'any',
      elements: 'elements',
    },
    required: ['header', 'elements'],
  },
  interactive_container: {
    container: true,
    interactive: true,
    props: {
      ...layout,
      ...acting,
      width: 'string',
      height: 'string',
      background_style: 'string',
      has_border: 'boolean',
      border_color: 'string',
      corner_radius: 'string',
      elements: 'elements',
    },
    required: ['elements'],
  },
  button: {
    interactive: true,
    props: {
      ...acting,
      type: 'string',
      size: 'string',
      width: 'string',
      text: 'tagged',
      icon: 'tagged',
      required: 'boolean',
      form_action_type: 'string',
    },
  },
  overflow: {
    interactive: true,
    props: { ...acting, width: 'string', options: 'options' },
    required: ['options'],
  },
  input: {
    interactive: true,
    props: {
      ...filling,
      default_value: 'string',
      max_length: 'number',
      input_type: 'string',
      show_icon: 'boolean',
      rows: 'number',
      auto_resize: 'boolean',
      max_rows: 'number',
      label: 'tagged',
      label_position: 'string',
      value: 'any',
      fallback: 'any',
    },
  },
  select_static: {
    interactive: true,
    props: { ...choosing, initial_option: 'string', initial_index: 'number' },
    required: ['options'],
  },
  multi_select_static: {
    interactive: true,
    props: { ...choosing, selected_values: 'any' },
    required: ['options'],
  },
  select_person: { interactive: true, props: { ...choosing, initial_option: 'string' } },
  multi_select_person: { interactive: true, props: { ...choosing, selected_values: 'any' } },
  select_img: {
    interactive: true,
    props: {
      ...choosing,
      multi_select: 'boolean',
      layout: 'string',
      can_preview: 'boolean',
      aspect_ratio: 'string',
      value: 'any',
    },
    required: ['options'],
  },
  date_picker: { interactive: true, props: { ...filling, initial_date: 'string', value: 'any' } },
  picker_time: { interactive: true, props: { ...filling, initial_time: 'string', value: 'any' } },
  picker_datetime: { interactive: true, props: { ...filling, initial_datetime: 'string', value: 'any' } },
  checker: {
    interactive: true,
    props: {
      ...acting,
      checked: 'boolean',
      text: 'tagged',
      overall_checkable: 'boolean',
      button_area: 'any',
      checked_style: 'any',
      padding: 'string',
    },
  },
};

const textProps = {
  content: 'string',
  i18n_content: 'any',
  text_size: 'string',
  text_color: 'string',
  text_align: 'string',
  lines: 'number',
} as const;

const iconProps = { token: 'string', color: 'string', img_key: 'string', size: 'string' } as const;

/** Texts, icons and tags inside elements. */
export const partRules: Readonly<Record<string, TagRule>> = {
  plain_text: { props: textProps, required: ['content'] },
  lark_md: { props: textProps, required: ['content'] },
  text_tag: { props: { text: 'tagged', color: 'string' }, required: ['text'] },
  standard_icon: { props: iconProps, required: ['token'] },
  custom_icon: { props: iconProps, required: ['img_key'] },
};

/** The members of the card and of its named parts. */
export const partProps: Readonly<
  Record<'card' | 'config' | 'header' | 'body' | 'panelHeader', readonly string[]>
> = {
  card: ['schema', 'config', 'card_link', 'header', 'body'],
  config: [
    'streaming_mode',
    'streaming_config',
    'summary',
    'locales',
    'enable_forward',
    'update_multi',
    'width_mode',
    'use_custom_translation',
    'enable_forward_interaction',
    'style',
  ],
  header: ['title', 'subtitle', 'text_tag_list', 'i18n_text_tag_list', 'template', 'icon', 'padding'],
  body: [...Object.keys(layout), 'elements'],
  panelHeader: [
    'title',
    'background_color',
    'vertical_align',
    'padding',
    'position',
    'width',
    'icon',
    'icon_position',
    'icon_expanded_angle',
  ],
};

/** Tags that only JSON 1.0 cards know. */
export const oldTags: ReadonlySet<string> = new Set(['action', 'note', 'field', 'a', 'at', 'text']);

/** Values of an enumerated property, by `tag.property`; an unlisted value is an error. */
export const allowedValues: Readonly<Record<string, readonly string[]>> = {
  'button.type': [
    'default',
    'primary',
    'danger',
    'text',
    'primary_text',
    'danger_text',
    'primary_filled',
    'danger_filled',
    'laser',
  ],
  'button.size': ['tiny', 'small', 'medium', 'large'],
  'button.form_action_type': ['submit', 'reset'],
  'column_set.flex_mode': ['none', 'stretch', 'flow', 'bisect', 'trisect'],
  'input.input_type': ['text', 'multiline_text', 'password'],
  'text_tag.color': [
    'neutral',
    'blue',
    'turquoise',
    'lime',
    'orange',
    'violet',
    'indigo',
    'wathet',
    'green',
    'yellow',
    'red',
    'purple',
    'carmine',
  ],
  'header.template': [
    'blue',
    'wathet',
    'turquoise',
    'green',
    'yellow',
    'orange',
    'red',
    'carmine',
    'violet',
    'purple',
    'indigo',
    'grey',
    'default',
  ],
  'config.width_mode': ['default', 'compact', 'fill'],
};
