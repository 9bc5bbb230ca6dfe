import type { FieldSpec } from 'bitable-playground';
import type { Answers, Feishu, Latency } from './feishu.ts';
import { inPlace, type Place, type Sync } from './program.ts';
import type { Shop } from './shop.ts';

/** What everything is measured with. */
export interface Parts {
  readonly feishu: Feishu;
  readonly app: Answers['app'];
  readonly shop: Shop;
  /** Told what goes on, for some of it takes a while. */
  readonly say: (line: string) => void;
  /** Told the figures. */
  readonly print: (line: string) => void;
}

/** A sync of one lane, and the local Feishu that it goes to. */
export interface Scene {
  readonly latency: Latency;
  /** The narrow ones when not given, for which {@link Scene.sync} is not given either. */
  readonly fields?: readonly FieldSpec[];
  readonly sync?: Sync;
}

/** Works in a new place whose sync goes to a new and empty table. */
export function inScene<T>(
  { feishu, app, shop }: Pick<Parts, 'feishu' | 'app' | 'shop'>,
  { latency, fields, sync }: Scene,
  work: (place: Place, target: string) => Promise<T>,
): Promise<T> {
  return inPlace(app, shop, async (place) => {
    const [target = ''] = await feishu.ask({ kind: 'base', tables: 1, ...(fields ? { fields } : {}) });
    await feishu.ask({ kind: 'pace', latency, writers: 1 });
    place.define(target, 1, sync);
    return work(place, target);
  });
}
