import type { Kind } from './kind.ts';
import { heldNumber } from './number.ts';
import { heldText, textKind } from './text.ts';

/**
 * Formulas, read only: their value is a list even when it is one number or text. A date formula gives milliseconds.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
export const formulaKind: Kind = {
  wanted: textKind.wanted,
  held(raw) {
    const value = typeof raw === 'object' && raw !== null && 'value' in raw ? raw.value : raw;
    const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
    return parts.map((part) => (typeof part === 'number' ? heldNumber(part) : heldText(part))).join('');
  },
  written: () => null,
};
