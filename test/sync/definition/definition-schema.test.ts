import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { definitionJsonSchema } from '../../../src/sync/definition/definition.ts';

it('the schema for editors is the one that definitions are checked with', () => {
  const file = JSON.parse(readFileSync(new URL('../../../definition.schema.json', import.meta.url), 'utf8'));
  expect(file, 'out of date: `npm run schema` writes definition.schema.json anew').toEqual(
    definitionJsonSchema(),
  );
});

it('the schema for editors explains each key', () => {
  const { properties } = definitionJsonSchema() as { properties: Record<string, { description?: string }> };
  const silent = Object.keys(properties).filter((key) => !properties[key]?.description);
  expect(silent).toEqual([]);
  expect(Object.keys(properties)).toContain('schedule');
});
