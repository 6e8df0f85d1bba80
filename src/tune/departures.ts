/** Times at which places come free, earliest first: a binary heap in two flat arrays. */
export class Departures {
  private readonly timesMs: number[] = [];
  private readonly places: number[] = [];

  /** When the next one is; Infinity if there is none. */
  get nextMs(): number {
    return this.timesMs[0] ?? Number.POSITIVE_INFINITY;
  }

  add(atMs: number, place: number): void {
    const { timesMs, places } = this;
    let at = timesMs.length;
    timesMs.push(atMs);
    places.push(place);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (timesMs[parent]! <= atMs) break;
      timesMs[at] = timesMs[parent]!;
      places[at] = places[parent]!;
      at = parent;
    }
    timesMs[at] = atMs;
    places[at] = place;
  }

  /** Takes the next one out and gives its place. There must be one. */
  take(): number {
    const { timesMs, places } = this;
    const taken = places[0]!;
    const lastMs = timesMs.pop()!;
    const lastPlace = places.pop()!;
    const { length } = timesMs;
    if (length === 0) return taken;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && timesMs[child + 1]! < timesMs[child]!) child++;
      if (timesMs[child]! >= lastMs) break;
      timesMs[at] = timesMs[child]!;
      places[at] = places[child]!;
      at = child;
    }
    timesMs[at] = lastMs;
    places[at] = lastPlace;
    return taken;
  }
}
