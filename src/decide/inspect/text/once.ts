/**
 * Makes something when it is first asked for and keeps it: what most runs of the program never need must not cost all of
 * them their start. When `make` throws nothing is kept, and the next call tries again.
 */
export function once<T>(make: () => T): () => T {
  const made: T[] = []
  return () => {
    if (made.length === 0) made.push(make())
    return made[0]!
  }
}
