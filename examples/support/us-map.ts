/** A coarse map of the contiguous United States, in cells. */

export const WIDTH = 110;
export const HEIGHT = 56;

interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** For each cell the places near it: index and weight by turns; the weight falls with the distance. */
export function nearPlaces(places: readonly Place[]): number[][] {
  return Array.from({ length: WIDTH * HEIGHT }, (_, cell) => {
    const longitude = -125.5 + ((cell % WIDTH) + 0.5) * (60 / WIDTH);
    const latitude = 50.5 - (Math.floor(cell / WIDTH) + 0.5) * (26.5 / HEIGHT);
    return places.flatMap((place, index) => {
      const distance = Math.hypot(place.longitude - longitude, 1.3 * (place.latitude - latitude));
      const weight = Math.exp(-(distance ** 2) / 4);
      return weight > 0.02 ? [index, weight] : [];
    });
  });
}
