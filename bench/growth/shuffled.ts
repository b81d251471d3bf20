/** 0 to `count` - 1, in random order. */
export function shuffled(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const moved = order[index]!;
    order[index] = order[other]!;
    order[other] = moved;
  }
  return order;
}
