"""The reference: the design that the original assignment describes. FastAPI and SQLAlchemy, a row and a commit at a time,
and a flush of the producer for each message. It does not call a provider; the price is fixed.

    reference.py serve PORT         GET /prices/latest (the newest row), POST /prices (stores a row, publishes a message)
    reference.py produce COUNT      publishes messages at full speed
    reference.py consume COUNT      computes an average for each message, with one commit each; prints the rate
"""

import json
import os
import sys
import time
from datetime import datetime, timezone

from confluent_kafka import Consumer, Producer
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import DateTime, Index, String, create_engine, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

TOPIC = "price-events"
BROKERS = os.environ.get("KAFKA_BROKERS", "")
engine = create_engine(os.environ["DATABASE_URL"].replace("postgres://", "postgresql+psycopg2://"), pool_size=16)
new_session = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class RawResponse(Base):
    __tablename__ = "reference_raw_responses"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]


class PricePoint(Base):
    __tablename__ = "reference_prices"
    __table_args__ = (Index("reference_prices_latest", "symbol", "provider", "timestamp"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str] = mapped_column(String(32))
    provider: Mapped[str] = mapped_column(String(32))
    price: Mapped[float]
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    raw_response_id: Mapped[int]


class MovingAverage(Base):
    __tablename__ = "reference_moving_averages"
    symbol: Mapped[str] = mapped_column(String(32), primary_key=True)
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    average: Mapped[float]


class Price(BaseModel):
    symbol: str
    price: float
    timestamp: datetime
    provider: str


def open_session():
    with new_session() as session:
        yield session


app = FastAPI()


@app.get("/prices/latest", response_model=Price)
def latest(symbol: str, provider: str = "yfinance", session: Session = Depends(open_session)):
    newest = select(PricePoint).where(PricePoint.symbol == symbol, PricePoint.provider == provider)
    return as_price(session.scalars(newest.order_by(PricePoint.timestamp.desc()).limit(1)).one())


@app.post("/prices", response_model=Price)
def store(symbol: str, session: Session = Depends(open_session)):
    raw = RawResponse(body=json.dumps({"symbol": symbol, "price": 196.45}))
    session.add(raw)
    session.flush()
    now = datetime.now(timezone.utc)
    point = PricePoint(symbol=symbol, provider="yfinance", price=196.45, timestamp=now, raw_response_id=raw.id)
    session.add(point)
    session.commit()
    producer().produce(TOPIC, key=symbol, value=message(symbol, now, raw.id))
    producer().flush()
    return as_price(point)


def as_price(point: PricePoint) -> Price:
    return Price(symbol=point.symbol, price=point.price, timestamp=point.timestamp, provider=point.provider)


def message(symbol: str, timestamp: datetime, raw_response_id: int) -> str:
    event = {"symbol": symbol, "price": 196.45, "timestamp": timestamp.isoformat(), "provider": "yfinance"}
    return json.dumps({**event, "raw_response_id": str(raw_response_id)})


producers: list[Producer] = []


def producer() -> Producer:
    if not producers:
        producers.append(Producer({"bootstrap.servers": BROKERS, "acks": "all"}))
    return producers[0]


def produce(count: int):
    for number in range(count):
        producer().produce(TOPIC, key="AAPL", value=message("AAPL", datetime.now(timezone.utc), number))
        producer().poll(0)
    producer().flush()


def consume(count: int):
    consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": f"bench-{time.time()}", "auto.offset.reset": "earliest"})
    consumer.subscribe([TOPIC])
    since, done = 0.0, 0
    while done < count:
        polled = consumer.poll(10.0)
        if polled is None or polled.error():
            raise SystemExit(f"nothing to consume: {polled and polled.error()}")
        since = since or time.perf_counter()
        average(json.loads(polled.value()))
        done += 1
    print(f"averages/s: {done / (time.perf_counter() - since)}")
    consumer.close()


def average(event: dict):
    with new_session() as session:
        at = datetime.fromisoformat(event["timestamp"])
        newest = select(PricePoint.price).where(PricePoint.symbol == event["symbol"], PricePoint.provider == "yfinance")
        prices = session.scalars(newest.order_by(PricePoint.timestamp.desc()).limit(5)).all()
        row = {"symbol": event["symbol"], "timestamp": at, "average": sum(prices) / len(prices)}
        upsert = insert(MovingAverage).values(row)
        keys = [MovingAverage.symbol, MovingAverage.timestamp]
        session.execute(upsert.on_conflict_do_update(index_elements=keys, set_={"average": row["average"]}))
        session.commit()


def serve(port: int):
    import uvicorn

    Base.metadata.create_all(engine)
    print("serving", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    {"serve": serve, "produce": produce, "consume": consume}[sys.argv[1]](int(sys.argv[2]))
