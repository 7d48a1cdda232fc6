import type { FastifyBaseLogger } from 'fastify'

type Make = () => FastifyBaseLogger

/**
 * A log whose children are made with their first line: every request has a child, and few write a line. A class, so that a
 * request costs one small object; nobody but the server makes one.
 */
class LazyLog implements FastifyBaseLogger {
  readonly #make: Make
  #made: FastifyBaseLogger | undefined

  constructor(make: Make) {
    this.#make = make
  }

  get #log(): FastifyBaseLogger {
    return (this.#made ??= this.#make())
  }

  child(...bindings: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return new LazyLog(() => this.#log.child(...bindings))
  }

  get level() {
    return this.#log.level
  }

  get fatal() {
    return this.#method('fatal')
  }

  get error() {
    return this.#method('error')
  }

  get warn() {
    return this.#method('warn')
  }

  get info() {
    return this.#method('info')
  }

  get debug() {
    return this.#method('debug')
  }

  get trace() {
    return this.#method('trace')
  }

  get silent() {
    return this.#method('silent')
  }

  #method(name: Exclude<keyof FastifyBaseLogger, 'child' | 'level'>) {
    const log = this.#log
    return log[name].bind(log)
  }
}

/** The same log; each of its children is made with the child's first line. */
export function lazyChildren(log: FastifyBaseLogger): FastifyBaseLogger {
  return new LazyLog(() => log)
}
