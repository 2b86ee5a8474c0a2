import Formats
import Plots
import Tensors
import Training
import Venturi

/// A run's curve as a picture in its folder, `loss.svg`, made anew while the run goes on: a browser that shows it is
/// brought up to date by loading it again.
struct RunPlot {
  /// The steps of a point, and their losses so far.
  private var width = 1
  private var points: [Plot.Point] = []
  private var gathered: (sum: Double, count: Int) = (0, 0)
  private var held: [Plot.Point] = []
  private var drawn: ContinuousClock.Instant?
  private let path: String

  /// A curve has this many points at most; twice as many are halved.
  private static let limit = 256
  /// How often the picture is made at most.
  private static let interval = Duration.seconds(5)

  /// The curve of the run in `folder`, with what its log has up to `step`.
  init(folder: String) { path = "\(folder)/loss.svg" }

  /// Takes what happened, and draws where it is time.
  mutating func add(_ event: TrainingEvent) {
    switch event {
    case .step(let step):
      add(step.step, step.loss)
      if let drawn, drawn.duration(to: .now) < Self.interval, step.step < step.steps { return }
    case .evaluation(let step, let metrics):
      guard let loss = metrics["loss"], loss.isFinite else { return }
      held.append(Plot.Point(x: Double(step), y: loss))
    case .resumed(let step): read(through: step)
    case .checkpoint, .need, .warning: return
    }
    draw()
  }

  private mutating func add(_ step: Int, _ loss: Double) {
    gathered.sum += loss
    gathered.count += 1
    if gathered.count < width { return }
    points.append(Plot.Point(x: Double(step), y: gathered.sum / Double(gathered.count)))
    gathered = (0, 0)
    if points.count < 2 * Self.limit { return }
    points = stride(from: 0, to: points.count, by: 2).map {
      Plot.Point(x: points[$0 + 1].x, y: (points[$0].y + points[$0 + 1].y) / 2)
    }
    width *= 2
  }

  /// What the log says of the steps before the run went on.
  private mutating func read(through last: Int) {
    let log = path.replacing("/loss.svg", with: "/metrics.jsonl")
    guard let storage = try? Storage(mapping: log) else { return }
    for line in storage.bytes.split(separator: 0x0A) {
      guard let line = try? JSON(parsing: Array(line), values: 1 << 16), let step = line["step"]?.int, step <= last
      else { continue }
      if let loss = line["loss"]?.double { add(step, loss) }
      if let loss = line["validation"]?["loss"]?.double { held.append(Plot.Point(x: Double(step), y: loss)) }
    }
  }

  /// Removes what a run that was killed while it wrote the picture left of it; the folder is this run's alone by now.
  private func removeParts() {
    let folder = String(path.dropLast("/loss.svg".count))
    for name in Files.names(in: folder) where name.hasPrefix("loss.svg.") && name.hasSuffix(".part") {
      try? SystemFileOperations().remove(file: "\(folder)/\(name)")
    }
  }

  /// A picture that cannot be written ends no run.
  private mutating func draw() {
    if drawn == nil { removeParts() }
    drawn = .now
    var series = [Plot.Series("training, mean of \(width) step\(width == 1 ? "" : "s")", points)]
    if !held.isEmpty { series.append(Plot.Series("held out", held)) }
    let plot = Plot("loss", title: "Loss", x: Plot.Axis("step"), y: Plot.Axis("loss"), series: series)
    guard !points.isEmpty, let file = try? OutputFile(replacing: path), (try? file.write(Array(plot.svg.utf8))) != nil
    else { return }
    try? file.commit()
  }
}
