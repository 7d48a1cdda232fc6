/** What Yahoo calls an exchange in `exchange`, by MIC. Exchanges whose sessions are not known are left out. */
const CODES: Readonly<Record<string, string>> = {
  XNAS: 'NMS NGM NCM',
  XNYS: 'NYQ',
  XASE: 'ASE',
  ARCX: 'PCX',
  BATS: 'BTS',
  OTCM: 'PNK OQB OQX OEM OID',
  XTSE: 'TOR',
  XTSX: 'VAN',
  XLON: 'LSE',
  XETR: 'GER',
  XPAR: 'PAR',
  XAMS: 'AMS',
  XBRU: 'BRU',
  XLIS: 'LIS',
  XMIL: 'MIL',
  XMAD: 'MCE',
  XSWX: 'EBS',
  XSTO: 'STO',
  XCSE: 'CPH',
  XHEL: 'HEL',
  XOSL: 'OSL',
  XTKS: 'JPX',
  XHKG: 'HKG',
  XKRX: 'KSC KOE',
  XTAI: 'TAI',
  ROCO: 'TWO',
  XSHG: 'SHH',
  XSHE: 'SHZ',
  XSES: 'SES',
  XASX: 'ASX',
  XNZE: 'NZE',
  XBOM: 'BSE',
  XNSE: 'NSI',
}

const MICS: ReadonlyMap<string, string> = new Map(
  Object.entries(CODES).flatMap(([mic, codes]) => codes.split(' ').map((code) => [code, mic] as const)),
)

/** The MIC of Yahoo's exchange code (`NMS` is XNAS); undefined for one without a calendar (`CCC`, where coins trade). */
export function micOfYahoo(code: string): string | undefined {
  return MICS.get(code)
}
