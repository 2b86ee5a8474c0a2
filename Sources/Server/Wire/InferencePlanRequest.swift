import Costs
import Formats
import PlanReports
import Planner

/// What `POST /plan/inference` is asked: how long a prompt and a token of a model take on devices.
struct InferencePlanRequest: Sendable {
  /// Without the sweep.
  private var question: InferenceQuestion
  private var devices: [Device] = []
  private var cost: RooflineCostModel
  private var sweep: (field: String, values: [Double])?

  /// The most devices, and values of a sweep.
  static let (mostDevices, mostValues) = (16, 64)

  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader) throws(RequestFailure) {
    let name = try fields.required("model", fields.text("model"))
    question = InferenceQuestion(
      try Self.planned("model") { () throws(PlannerError) in try Planner.ModelCatalogue.published.entry(name).shape })
    question.prompt = try fields.integer("prompt", in: 1...1 << 24) ?? question.prompt
    question.depth = try fields.integer("depth", in: 0...1 << 24) ?? question.depth
    question.batch = try fields.integer("batch", in: 1...1 << 20) ?? question.batch
    question.weights = try fields.double("weights", in: 0.01...16) ?? question.weights
    question.cache = try fields.double("cache", in: 0.01...16) ?? question.cache
    if let word = try fields.text("precision") {
      guard let precision = Precision(rawValue: word) else {
        let names = Precision.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalid("precision", "\(FieldReader.quoted(word)) is none of \(names)")
      }
      question.precision = precision
    }
    let shares = Efficiency(
      compute: try fields.double("compute_share", in: 0.001...1) ?? 1,
      memory: try fields.double("memory_share", in: 0.001...1) ?? 1)
    cost = try Self.planned("compute_share") { () throws(PlannerError) in try RooflineCostModel(fallback: shares) }
    let names = try fields.required("devices", fields.array("devices", most: Self.mostDevices))
    for (index, element) in names.enumerated() {
      guard let name = element.text else {
        throw .invalid("devices[\(index)]", "\(FieldReader.shown(element)) is not a string")
      }
      do throws(CostsError) { devices.append(try DeviceCatalogue.published.device(name)) } catch {
        throw .invalid("devices[\(index)]", "\(error)")
      }
    }
    if let inner = try fields.object("sweep") {
      let elements = try inner.required("values", inner.array("values", most: Self.mostValues))
      var values: [Double] = []
      for (index, element) in elements.enumerated() {
        guard let value = element.double, (0...Double(1 << 24)).contains(value) else {
          throw .invalid("sweep.values[\(index)]", "\(FieldReader.shown(element)) is not a number from 0 to \(1 << 24)")
        }
        values.append(value)
      }
      sweep = (try inner.required("field", inner.text("field")), values)
    }
  }

  /// The plans, device after device; with a sweep each of its values, which a plan says under the field's name.
  ///
  /// - Throws: ``RequestFailure`` for what no plan can be made of.
  func answer() throws(RequestFailure) -> JSON {
    var plans: [JSON] = []
    for device in devices {
      for value in sweep?.values ?? [0] {
        let plan = try Self.planned("sweep") { () throws(PlannerError) in
          let asked = if let sweep { try question.with(sweep.field, value) } else { question }
          return try asked.plan(on: device, model: cost)
        }
        let swept = sweep.map { [JSON.Member($0.field, .number(value))] } ?? []
        plans.append(.object(swept + (plan.json.members ?? [])))
      }
    }
    return ["plans": .array(plans)]
  }

  /// What the Planner makes, its refusals as those of a field.
  private static func planned<Value>(
    _ field: String, _ body: () throws(PlannerError) -> Value
  ) throws(RequestFailure) -> Value {
    do throws(PlannerError) { return try body() } catch {
      switch error {
      case .invalid(let field, let problem): throw .invalid(field, problem)
      case .unsupportedPrecision: throw .invalid("precision", "\(error)")
      default: throw .invalid(field, "\(error)")
      }
    }
  }
}
