// Loaded into a service before its own code: its clock stands still at FROZEN_AT, so that two services agree on the time.
const at = Number(process.env.FROZEN_AT)

globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [at] : args))
  }

  static now() {
    return at
  }
}
