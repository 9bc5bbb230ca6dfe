import type { View } from './view.ts';
import type { Json } from './wire.ts';

/** What is sent when something on a card is acted on. */
export interface Acted {
  readonly name: string;
  readonly formValue?: Json;
  readonly option?: string;
  readonly options?: readonly string[];
  readonly input?: string;
  readonly checked?: boolean;
}

/** What drawing a card needs besides the card. */
export interface CardContext {
  readonly view: View;
  /** Draws an element that stands in another one. */
  draw(element: Json, context: CardContext): HTMLElement;
  /** Sends an act on the card's message, and resolves when it is answered. */
  act(acted: Acted): Promise<void>;
  /** Asks before something is done. */
  ask(title: string, text: string): Promise<boolean>;
  /** Says something in passing. */
  toast(kind: string, content: string): void;
  /** Set inside a form: what is filled in there by now; undefined when something required is missing. */
  readonly form?: () => Json | undefined;
  readonly resetForm?: () => void;
}
