/** The part of a symbol after its dot, as Yahoo names exchanges, by the time zone of their hours. */
const SUFFIXES: Readonly<Record<string, string>> = {
  'America/Argentina/Buenos_Aires': 'BA',
  'America/Mexico_City': 'MX',
  'America/Santiago': 'SN',
  'America/Sao_Paulo': 'SA',
  'America/Toronto': 'TO V CN NE',
  'Africa/Cairo': 'CA',
  'Africa/Johannesburg': 'JO',
  'Asia/Bangkok': 'BK',
  'Asia/Hong_Kong': 'HK',
  'Asia/Jakarta': 'JK',
  'Asia/Jerusalem': 'TA',
  'Asia/Kolkata': 'BO NS',
  'Asia/Kuala_Lumpur': 'KL',
  'Asia/Kuwait': 'KW',
  'Asia/Qatar': 'QA',
  'Asia/Riyadh': 'SR',
  'Asia/Seoul': 'KS KQ',
  'Asia/Shanghai': 'SS SZ',
  'Asia/Singapore': 'SI',
  'Asia/Taipei': 'TW TWO',
  'Asia/Tokyo': 'T',
  'Australia/Sydney': 'AX XA',
  'Europe/Amsterdam': 'AS',
  'Europe/Athens': 'AT',
  'Europe/Berlin': 'DE F BE DU HM HA MU SG',
  'Europe/Brussels': 'BR',
  'Europe/Budapest': 'BD',
  'Europe/Copenhagen': 'CO',
  'Europe/Dublin': 'IR',
  'Europe/Helsinki': 'HE',
  'Europe/Istanbul': 'IS',
  'Europe/Lisbon': 'LS',
  'Europe/London': 'L IL AQ XC',
  'Europe/Madrid': 'MC',
  'Europe/Oslo': 'OL',
  'Europe/Paris': 'PA NX',
  'Europe/Prague': 'PR',
  'Europe/Rome': 'MI XD',
  'Europe/Stockholm': 'ST',
  'Europe/Tallinn': 'TL',
  'Europe/Riga': 'RG',
  'Europe/Vilnius': 'VS',
  'Europe/Vienna': 'VI',
  'Europe/Warsaw': 'WA',
  'Europe/Zurich': 'SW',
  'Pacific/Auckland': 'NZ',
}

const ZONES: ReadonlyMap<string, string> = new Map(
  Object.entries(SUFFIXES).flatMap(([zone, suffixes]) => suffixes.split(' ').map((suffix) => [suffix, zone] as const)),
)

const NEW_YORK = /^[A-Z]{1,5}(\.[ABCK]|-[A-Z]{1,2})?$|=F$|^\^(GSPC|DJI|IXIC|NDX|RUT|VIX|TNX|IRX|FVX|TYX|NYA)$/

/** The time zone of the exchange on which a symbol trades, as far as its spelling says; undefined if it does not. */
export function exchangeZone(symbol: string): string | undefined {
  if (NEW_YORK.test(symbol)) return 'America/New_York'
  return ZONES.get(/\.([A-Z]+)$/.exec(symbol)?.[1] ?? '')
}
