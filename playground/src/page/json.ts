import type { Json } from './wire.ts';
import { i18nKeys, type Language } from './words.ts';

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object's member that is an object itself; an empty one for anything else. */
export const part = (node: Json, name: string): Json => {
  const value = node[name];
  return isJson(value) ? value : {};
};

/** An object's member that is a list of objects. */
export const parts = (node: Json, name: string): readonly Json[] => {
  const value = node[name];
  return Array.isArray(value) ? value.filter(isJson) : [];
};

/** An object's member that is text. */
export const textIn = (node: Json, name: string): string => {
  const value = node[name];
  return typeof value === 'string' ? value : '';
};

/** The words of a text element in a language, else those of no language. */
export function contentOf(node: Json, language: Language): string {
  const own = part(node, 'i18n_content')[i18nKeys[language]];
  return typeof own === 'string' ? own : textIn(node, 'content');
}
