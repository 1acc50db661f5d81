"""The web process: a page for people and a small JSON API."""

from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, Request, Response, status
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from fastapi.templating import Jinja2Templates

from shop import cache, health, orders, queue, receipts
from shop.schemas import NewOrder, OrderView
from shop.settings import configure_logging

configure_logging()
app = FastAPI(title="Shop")
templates = Jinja2Templates(Path(__file__).parent / "templates")

OrderId = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]


@app.get("/", response_class=HTMLResponse)
def page(request: Request) -> Response:
    """The latest orders, and a form to place one."""
    return templates.TemplateResponse(request, "page.html", {"orders": orders.latest()})


@app.post("/")
def submit(new: Annotated[NewOrder, Form()]) -> RedirectResponse:
    """Take an order from the form and go back to the page."""
    order = create(new)
    return RedirectResponse(f"/#order-{order.id}", status.HTTP_303_SEE_OTHER)


@app.post("/orders", status_code=status.HTTP_201_CREATED)
def create(new: NewOrder) -> OrderView:
    """Store an order and leave the rest to the worker."""
    order = orders.place(new)
    queue.push(order.id)
    return order


@app.get("/orders/{order_id}")
def read(order_id: OrderId, response: Response) -> OrderView:
    """One order, from the cache if it is there."""
    cached = cache.get(order_id)
    response.headers["x-cache"] = "hit" if cached else "miss"
    if cached:
        return cached
    order = orders.find(order_id)
    if order is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no order {order_id}")
    cache.put(order)
    return order


@app.get("/orders/{order_id}/receipt")
def receipt(order_id: OrderId) -> StreamingResponse:
    """The receipt that the worker has stored."""
    chunks = receipts.read(order_id)
    if chunks is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no receipt for order {order_id} yet")
    return StreamingResponse(chunks, media_type="text/plain")


@app.get("/healthz")
def healthz() -> JSONResponse:
    """200 when all that the shop needs answers, 503 with the culprit's name otherwise."""
    report = health.report()
    healthy = all(verdict == "ok" for verdict in report.values())
    return JSONResponse(report, status.HTTP_200_OK if healthy else status.HTTP_503_SERVICE_UNAVAILABLE)
