import type { OptionState, World } from '../../world.ts';

/** Makes an option; its color follows from how many there are. */
export const newOption = (world: World, name: string, at: number): OptionState => ({
  id: `opt${world.random.text(10)}`,
  name,
  color: at % 55,
});
