import { useEffect, useId, useState, type FormEvent, type KeyboardEvent, type ReactNode } from 'react'
import { FIELDS } from '../data/filter.ts'
import { recent } from '../data/inbox.ts'
import { useAnswer } from '../data/queries.ts'
import { knownEntries } from '../data/record.ts'

export interface QueryBarProps {
  readonly value: string
  readonly problem: string | undefined
  readonly onAsk: (words: string) => void
}

interface Offer {
  readonly text: string
  readonly about: string
}

const MOST_OFFERS = 8

/** One line that asks the record, with the fields and values that there are offered while it is written. */
export function QueryBar({ value, problem, onAsk }: QueryBarProps): ReactNode {
  const [text, setText] = useState(value)
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const id = useId()
  useEffect(() => setText(value), [value])
  const offers = useOffers(text)
  const shown = open && offers.length > 0
  const take = (offer: Offer): void => {
    const head = text.slice(0, text.length - lastWord(text).length)
    const done = !offer.text.endsWith(':')
    setText(`${head}${offer.text}${done ? ' ' : ''}`)
    setAt(-1)
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setOpen(false)
    onAsk(text.trim())
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      const step = event.key === 'ArrowDown' ? 1 : -1
      return setAt((at + step + offers.length + 1) % (offers.length + 1))
    }
    if (event.key === 'Escape' && shown) return (event.preventDefault(), setOpen(false))
    const offer = shown ? offers[at] : undefined
    if ((event.key === 'Enter' || event.key === 'Tab') && offer !== undefined) {
      event.preventDefault()
      take(offer)
    }
  }
  return (
    <form
      className="query"
      role="search"
      onSubmit={submit}
      onBlur={() => setTimeout(() => setOpen(false), 150)}
    >
      <label htmlFor={`${id}-in`} className="heard-only">
        Ask the record, as field:value
      </label>
      <div className="query-line">
        <input
          id={`${id}-in`}
          data-search
          role="combobox"
          aria-expanded={shown}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={shown && at >= 0 && at < offers.length ? `${id}-${at}` : undefined}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : `${id}-wrong`}
          value={text}
          placeholder="agent:demo decision:deny since:2h"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={({ target }) => (setText(target.value), setOpen(true), setAt(-1))}
          onFocus={() => setOpen(true)}
          onKeyDown={onKey}
        />
        <button type="submit" className="primary">
          Ask
        </button>
        {value === '' ? null : (
          <button type="button" onClick={() => onAsk('')}>
            Everything
          </button>
        )}
      </div>
      {shown ? (
        <ul className="offers" role="listbox" id={`${id}-list`} aria-label="What can be asked">
          {offers.map((offer, index) => (
            <li
              key={offer.text}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              onMouseDown={(event) => (event.preventDefault(), take(offer))}
            >
              <code>{offer.text}</code> <span className="note">{offer.about}</span>
            </li>
          ))}
        </ul>
      ) : null}
      {problem === undefined ? null : (
        <p id={`${id}-wrong`} className="wrong" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}

function lastWord(text: string): string {
  return /\S*$/.exec(text)?.[0] ?? ''
}

function useOffers(text: string): readonly Offer[] {
  const { data: runs } = useAnswer('runs', {})
  const word = lastWord(text)
  const [name = '', begun] = word.split(':', 2)
  if (begun === undefined) {
    return FIELDS.filter(({ name: each }) => each.startsWith(name))
      .filter(({ name: each }) => !text.includes(`${each}:`))
      .map(({ name: each, about }) => ({ text: `${each}:`, about }))
  }
  return [...valuesOf(name, runs?.runs ?? [])]
    .filter((value) => value.startsWith(begun) && value !== begun && !/[\s"]/.test(value))
    .toSorted()
    .slice(0, MOST_OFFERS)
    .map((value) => ({ text: `${name}:${value}`, about: '' }))
}

/** What a field can be, or was so far. Entries are looked at only when somebody writes such a word: there may be many. */
function valuesOf(name: string, runs: readonly { readonly agent: string }[]): ReadonlySet<string> {
  if (name !== 'agent' && name !== 'action')
    return new Set(FIELDS.find((each) => each.name === name)?.values ?? [])
  const entries = [...recent.get(), ...knownEntries()]
  if (name === 'action') return new Set(entries.map(({ action }) => action))
  return new Set([...runs, ...entries].map(({ agent }) => agent))
}
