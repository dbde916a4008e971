/** Answers for the file system of `stall.ts`, as much of FUSE 7.31 as one file needs. Ends with its standard input. */
import { spawnSync } from 'node:child_process'
import { openSync, read, writeSync } from 'node:fs'

const [directory = ''] = process.argv.slice(2)
const OP = { lookup: 1, forget: 2, getattr: 3, open: 14, read: 15, init: 26, opendir: 27 } as const
const HEAD_BYTES = 40
const [ENOENT, ENOSYS] = [2, 38]
const [ROOT, FILE] = [1, 2]
const SIZE_BYTES = 4096
const DIRECT_IO = 1

const fd = openSync('/dev/fuse', 'r+')
const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other'
const words = ['-i', '-t', 'fuse', '-o', options, 'stall', directory]
const mounted = spawnSync('/usr/bin/mount', words, { stdio: ['ignore', 'ignore', 'inherit', fd] })
if (mounted.status !== 0) process.exit(1)

const state: { waiting: bigint[]; isLetGo: boolean } = { waiting: [], isLetGo: false }
process.stdin.once('data', () => {
  state.isLetGo = true
  for (const unique of state.waiting.splice(0)) answer(unique, Buffer.alloc(0)) // to who asked for a name: there is none
  process.stdout.write('gone\n')
})
process.stdin.once('end', () => process.exit(0))
process.stdout.write('mounted\n')
listen()

function listen(): void {
  const buffer = Buffer.alloc(256 * 1024)
  read(fd, buffer, 0, buffer.length, null, (error, size) => {
    if (error !== null && error.code === 'ENODEV') process.exit(0) // unmounted
    if (error === null) serve(buffer.subarray(0, size))
    listen()
  })
}

function serve(request: Buffer): void {
  const [opcode, unique, node] = [
    request.readUInt32LE(4),
    request.readBigUInt64LE(8),
    Number(request.readBigUInt64LE(16)),
  ]
  switch (opcode) {
    case OP.init:
      return answer(unique, initOf())
    case OP.lookup: {
      const name = request.toString('utf8', HEAD_BYTES, request.length - 1)
      // not even what it is called is told
      if (name === 'lost' && !state.isLetGo) return void state.waiting.push(unique)
      return name === 'file' ? answer(unique, entryOf()) : answer(unique, Buffer.alloc(0), ENOENT)
    }
    case OP.getattr:
      return answer(unique, Buffer.concat([numbers(60n), Buffer.alloc(8), attributesOf(node)]))
    case OP.open:
    case OP.opendir: {
      const opened = Buffer.alloc(16)
      opened.writeUInt32LE(DIRECT_IO, 8)
      return answer(unique, opened)
    }
    case OP.read:
      if (state.isLetGo) return answer(unique, Buffer.alloc(0))
      return void state.waiting.push(unique)
    case OP.forget:
      return
    default:
      return answer(unique, Buffer.alloc(0), ENOSYS)
  }
}

function answer(unique: bigint, body: Buffer, error = 0): void {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(16 + body.length, 0)
  head.writeInt32LE(-error, 4)
  head.writeBigUInt64LE(unique, 8)
  try {
    writeSync(fd, Buffer.concat([head, body]))
  } catch {
    // whoever asked has gone
  }
}

function initOf(): Buffer {
  const body = Buffer.alloc(64)
  body.writeUInt32LE(7, 0)
  body.writeUInt32LE(31, 4)
  body.writeUInt16LE(16, 16)
  body.writeUInt16LE(16, 18)
  body.writeUInt32LE(128 * 1024, 20)
  body.writeUInt32LE(1, 24)
  return body
}

function entryOf(): Buffer {
  return Buffer.concat([numbers(BigInt(FILE), 0n, 60n, 60n), Buffer.alloc(8), attributesOf(FILE)])
}

function attributesOf(node: number): Buffer {
  const rest = Buffer.alloc(40)
  rest.writeUInt32LE(node === ROOT ? 0o40755 : 0o100644, 12)
  rest.writeUInt32LE(1, 16)
  rest.writeUInt32LE(4096, 32)
  return Buffer.concat([numbers(BigInt(node), BigInt(SIZE_BYTES), 1n, 0n, 0n, 0n), rest])
}

function numbers(...values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length)
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(value, 8 * i)
  return bytes
}
