//! The two plots of a flood, drawn by uPlot.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Float64Array, Object, Reflect};
use sluicegate::Options;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, Event, HtmlElement, ResizeObserver};

use crate::format::MIB;
use crate::history::History;
use crate::page;

#[wasm_bindgen(raw_module = "/vendor/uplot/uPlot.esm.js")]
extern "C" {
    #[wasm_bindgen(js_name = default)]
    type UPlot;

    #[wasm_bindgen(constructor, js_class = "default")]
    fn new(options: &Object, data: &Array, parent: &HtmlElement) -> UPlot;

    #[wasm_bindgen(method, js_name = setData)]
    fn set_data(this: &UPlot, data: &Array);

    #[wasm_bindgen(method, js_name = setSize)]
    fn set_size(this: &UPlot, size: &Object);

    #[wasm_bindgen(method)]
    fn destroy(this: &UPlot);

    #[wasm_bindgen(method, getter)]
    fn ctx(this: &UPlot) -> CanvasRenderingContext2d;

    #[wasm_bindgen(method, getter)]
    fn bbox(this: &UPlot) -> Area;

    #[wasm_bindgen(method, js_name = valToPos)]
    fn position_of(this: &UPlot, value: f64, scale: &str, in_canvas_pixels: bool) -> f64;

    /// Where a plot is on its canvas.
    type Area;

    #[wasm_bindgen(method, getter)]
    fn left(this: &Area) -> f64;

    #[wasm_bindgen(method, getter)]
    fn top(this: &Area) -> f64;

    #[wasm_bindgen(method, getter)]
    fn width(this: &Area) -> f64;

    #[wasm_bindgen(method, getter)]
    fn height(this: &Area) -> f64;
}

/// Heights in pixels.
const HELD_HEIGHT: u32 = 260;
const RATE_HEIGHT: u32 = 160;
const FONT: &str = "12px system-ui, sans-serif";
/// An empty plot shows so many seconds.
const EMPTY_SECONDS: f64 = 5.0;

/// Bytes held, and throughput, over the same time.
pub(crate) struct Plot {
    held: Panel,
    rate: Panel,
    marks: Cell<(f64, f64)>,
    shades: Shades,
}

/// From when to when the page was hidden, in seconds.
type Shades = Rc<RefCell<Vec<(f64, f64)>>>;

struct Panel {
    parent: HtmlElement,
    height: u32,
    /// What stands under the time axis.
    label: &'static str,
    series: fn() -> Array,
    chart: RefCell<Option<UPlot>>,
    data: RefCell<Array>,
    on_clear: Closure<dyn Fn(UPlot)>,
}

impl Plot {
    pub(crate) fn new() -> Result<Rc<Self>, JsError> {
        let shades = Shades::default();
        let plot = Rc::new(Self {
            held: Panel::find("plot-held", HELD_HEIGHT, "", held_series, &shades)?,
            rate: Panel::find("plot-rate", RATE_HEIGHT, "seconds", rate_series, &shades)?,
            marks: Cell::default(),
            shades,
        });
        plot.clear(&Options::new());
        plot.follow_colors()?;
        plot.follow_width()?;
        Ok(plot)
    }

    /// No flood yet: only the marks.
    pub(crate) fn clear(&self, options: &Options) {
        let mib = |bytes: usize| bytes as f64 / MIB;
        self.marks
            .set((mib(options.high_water_mark), mib(options.low_water_mark)));
        let time = [0.0, EMPTY_SECONDS];
        let nothing = [0.0; 2];
        self.shades.borrow_mut().clear();
        self.show(&time, &nothing, &nothing, &nothing);
    }

    /// Draws a flood, and shades the times in which the page was hidden.
    pub(crate) fn draw(&self, history: &History, hidden: Vec<(f64, f64)>) {
        *self.shades.borrow_mut() = hidden;
        self.show(
            &history.time,
            &history.buffered,
            &history.queued,
            &history.rate,
        );
    }

    fn show(&self, time: &[f64], buffered: &[f64], queued: &[f64], rate: &[f64]) {
        let (high, low) = self.marks.get();
        let level = |mark: f64| vec![mark; time.len()];
        self.held
            .show(&[time, buffered, queued, &level(high), &level(low)]);
        self.rate.show(&[time, rate]);
    }

    /// A canvas does not follow the style sheet, so the plots are made anew.
    fn follow_colors(self: &Rc<Self>) -> Result<(), JsError> {
        let query = page::window()?.match_media("(prefers-color-scheme: dark)");
        let Ok(Some(query)) = query else {
            return Ok(());
        };
        let plot = self.clone();
        page::listen(&query, "change", move |_: Event| {
            plot.held.rebuild();
            plot.rate.rebuild();
        })
    }

    fn follow_width(self: &Rc<Self>) -> Result<(), JsError> {
        let plot = self.clone();
        let fit = Closure::<dyn Fn()>::new(move || {
            plot.held.fit();
            plot.rate.fit();
        });
        let observer = ResizeObserver::new(fit.as_ref().unchecked_ref())
            .map_err(|_| JsError::new("the browser has no ResizeObserver"))?;
        observer.observe(&self.held.parent);
        fit.forget();
        Ok(())
    }
}

impl Panel {
    fn find(
        id: &str,
        height: u32,
        label: &'static str,
        series: fn() -> Array,
        shades: &Shades,
    ) -> Result<Self, JsError> {
        let shades = shades.clone();
        Ok(Self {
            parent: page::find(id)?,
            height,
            label,
            series,
            chart: RefCell::default(),
            data: RefCell::default(),
            on_clear: Closure::new(move |chart: UPlot| shade(&chart, &shades.borrow())),
        })
    }

    fn show(&self, columns: &[&[f64]]) {
        let columns = columns.iter().map(|&column| Float64Array::from(column));
        *self.data.borrow_mut() = columns.collect();
        if let Some(chart) = &*self.chart.borrow() {
            chart.set_data(&self.data.borrow());
            return;
        }
        self.rebuild();
    }

    fn rebuild(&self) {
        if let Some(old) = self.chart.take() {
            old.destroy();
        }
        let options = self.options();
        let chart = UPlot::new(&options, &self.data.borrow(), &self.parent);
        *self.chart.borrow_mut() = Some(chart);
    }

    fn fit(&self) {
        if let Some(chart) = &*self.chart.borrow() {
            chart.set_size(&self.size());
        }
    }

    fn size(&self) -> Object {
        object(&[
            ("width", self.parent.client_width().into()),
            ("height", self.height.into()),
        ])
    }

    fn options(&self) -> Object {
        let options = self.size();
        let off = object(&[("show", false.into())]);
        let from_zero = Array::of2(&0.into(), &JsValue::NULL);
        let scales = object(&[
            ("x", object(&[("time", false.into())]).into()),
            ("y", object(&[("range", from_zero.into())]).into()),
        ]);
        let axes = Array::of2(&axis(self.label, 28), &axis("", 52));
        set(&options, "cursor", &off);
        set(&options, "legend", &off);
        set(&options, "scales", &scales);
        set(&options, "axes", &axes);
        set(&options, "series", &(self.series)());
        let on_clear = Array::of1(self.on_clear.as_ref());
        let hooks = object(&[("drawClear", on_clear.into())]);
        set(&options, "hooks", &hooks);
        options
    }
}

/// Colors the background of some times. Nothing else is drawn yet.
fn shade(chart: &UPlot, times: &[(f64, f64)]) {
    if times.is_empty() {
        return;
    }
    let (canvas, area) = (chart.ctx(), chart.bbox());
    let (left, right) = (area.left(), area.left() + area.width());
    let position = |time: f64| chart.position_of(time, "x", true).max(left).min(right);
    canvas.set_fill_style_str(&color("--plot-hidden").as_string().unwrap_or_default());
    for &(start, end) in times {
        let (start, end) = (position(start), position(end));
        canvas.fill_rect(start, area.top(), end - start, area.height());
    }
}

fn held_series() -> Array {
    Array::of5(
        &Object::new(),
        &line("--plot-buffered", Some("--plot-buffered-fill"), None),
        &line("--plot-queued", None, None),
        &line("--plot-mark", None, Some([8, 4])),
        &line("--plot-mark", None, Some([2, 4])),
    )
}

fn rate_series() -> Array {
    Array::of2(
        &Object::new(),
        &line("--plot-rate", Some("--plot-rate-fill"), None),
    )
}

fn line(stroke: &str, fill: Option<&str>, dash: Option<[u32; 2]>) -> Object {
    let points = object(&[("show", false.into())]);
    let series = object(&[
        ("stroke", color(stroke)),
        ("width", 1.5.into()),
        ("points", points.into()),
    ]);
    if let Some(fill) = fill {
        set(&series, "fill", &color(fill));
    }
    if let Some([drawn, gap]) = dash {
        set(&series, "dash", &Array::of2(&drawn.into(), &gap.into()));
    }
    series
}

fn axis(label: &str, size: u32) -> Object {
    let faint = object(&[("stroke", color("--line")), ("width", 1.into())]);
    let axis = object(&[
        ("stroke", color("--muted")),
        ("grid", faint.clone().into()),
        ("ticks", faint.into()),
        ("font", FONT.into()),
        ("size", size.into()),
    ]);
    if !label.is_empty() {
        set(&axis, "label", &label.into());
        set(&axis, "labelFont", &FONT.into());
        set(&axis, "labelSize", &18.into());
    }
    axis
}

/// A color of the style sheet.
fn color(name: &str) -> JsValue {
    let style = page::window().ok().and_then(|window| {
        let root = window.document()?.document_element()?;
        window.get_computed_style(&root).ok().flatten()
    });
    let value = style.and_then(|style| style.get_property_value(name).ok());
    value.unwrap_or_default().trim().into()
}

fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in entries {
        set(&object, key, value);
    }
    object
}

/// Cannot fail on a plain object.
fn set(object: &Object, key: &str, value: &JsValue) {
    Reflect::set(object, &key.into(), value).ok();
}
