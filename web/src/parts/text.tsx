import { useState, type ReactNode } from 'react'
import { store } from '../data/store.ts'
import { absoluteText, agoText, clockText, pieces } from '../data/words.ts'

/** Up to here a name stays on its line. */
const SHORT = 32

/** What an agent or a stranger wrote: shown as text, with everything that hides or turns named in its place. */
export function Told({ children }: { readonly children: string }): ReactNode {
  return (
    <bdi className={children.length <= SHORT ? 'told short' : 'told'}>
      {pieces(children).map(({ text, unseen }, at) =>
        unseen ? (
          <mark
            key={at}
            className="unseen"
            title="a character that shows nothing, or turns what is around it"
          >
            {text}
          </mark>
        ) : (
          text
        ),
      )}
    </bdi>
  )
}

/** A text with its line breaks, and nothing else hidden. */
export function ToldLines({ children }: { readonly children: string }): ReactNode {
  return (
    <pre className="lines" tabIndex={0}>
      {children.split('\n').map((each, at) => (
        <span key={at} className="line">
          <Told>{each.endsWith('\r') ? each.slice(0, -1) : each}</Told>
          {'\n'}
        </span>
      ))}
    </pre>
  )
}

/** One clock for the page, so that all times move together. */
export const now = store(Date.now())
setInterval(() => now.set(Date.now()), 1000)

export function Ago({ at }: { readonly at: string | number }): ReactNode {
  const ms = typeof at === 'number' ? at : Date.parse(at)
  const present = now.use()
  if (Number.isNaN(ms)) return <span className="note">at a time nobody knows</span>
  return (
    <time dateTime={new Date(ms).toISOString()} title={absoluteText(ms)}>
      {agoText(ms, present)}
    </time>
  )
}

export function Clock({ at }: { readonly at: string }): ReactNode {
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={absoluteText(ms)}>
      {clockText(ms)}
    </time>
  )
}

export type Tone = 'good' | 'warn' | 'bad' | 'quiet'

const MARKS: Readonly<Record<Tone, string>> = { good: '✓', warn: '!', bad: '✕', quiet: '·' }

/** A state in words; the mark and the colour only say it again. */
export function State({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }): ReactNode {
  return (
    <span className={`state state-${tone}`}>
      <span aria-hidden="true">{MARKS[tone]}</span> {children}
    </span>
  )
}

const TONES: Readonly<Record<string, Tone>> = {
  allow: 'good',
  allowed: 'good',
  success: 'good',
  ok: 'good',
  met: 'good',
  live: 'good',
  active: 'good',
  trusted: 'good',
  ask: 'warn',
  pending: 'warn',
  due: 'warn',
  degraded: 'warn',
  warning: 'warn',
  waiting: 'warn',
  medium: 'quiet',
  deny: 'bad',
  denied: 'bad',
  failed: 'bad',
  failure: 'bad',
  missed: 'bad',
  error: 'bad',
  violation: 'bad',
  timeout: 'bad',
  high: 'warn',
  critical: 'bad',
  manual: 'bad',
}

/** A word of the daemon's that stands for a state. */
export function StateWord({ word }: { readonly word: string }): ReactNode {
  return <State tone={TONES[word] ?? 'quiet'}>{word}</State>
}

/** A command for the terminal, with a way to take it along. */
export function Command({ children }: { readonly children: string }): ReactNode {
  return (
    <span className="command">
      <code>{children}</code>
      <Copy text={children} />
    </span>
  )
}

export function Copy({
  text,
  label = 'Copy',
}: {
  readonly text: string
  readonly label?: string
}): ReactNode {
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <button type="button" className="copy" onClick={() => void copy()}>
      {copied ? 'Copied' : label}
    </button>
  )
}
