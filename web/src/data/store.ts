import { useSyncExternalStore } from 'react'

/** A value that components follow and others set. */
export interface Store<T> {
  get(): T
  set(value: T): void
  use(): T
}

export function store<T>(first: T): Store<T> {
  const held = { value: first }
  const listeners = new Set<() => void>()
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const get = (): T => held.value
  return {
    get,
    set(value) {
      if (Object.is(value, held.value)) return
      held.value = value
      for (const listener of listeners) listener()
    },
    use: () => useSyncExternalStore(subscribe, get),
  }
}
