/** Why a card is refused. */
export interface CardFault {
  readonly code: number;
  readonly why: string;
}
export function cardFault(_card: unknown): CardFault | undefined {
  return undefined;
}
export function checkCard(_content: string): void {}
