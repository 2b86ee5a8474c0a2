import Formats
import Planner

/// A service as the authors' solver reads it.
struct FleetFile {
  /// The types; without rates of their own where these come from elsewhere.
  var types: [MelangeService.InstanceType]
  /// The parts of requests, row after row.
  var distribution: [Double]
  /// Requests a second.
  var rate: Double
  var slices: Int
  var overprovision: Double
  /// Lengths of prompts and answers of the rows and columns, where the file says them.
  var inputs: [Int]?
  var outputs: [Int]?
  /// The buckets' names.
  var names: [String]

  /// The service of a file's value.
  ///
  /// - Throws: `PlannerError` naming the field.
  init(_ json: JSON, hasRates: Bool) throws(PlannerError) {
    func number(_ value: JSON?, _ field: String) throws(PlannerError) -> Double {
      guard let number = value?.double, number.isFinite else {
        throw .invalid(field: field, problem: "there is no number")
      }
      return number
    }
    func matrix(_ value: JSON?, _ field: String) throws(PlannerError) -> [[Double]] {
      guard let rows = value?.elements, !rows.isEmpty else {
        throw .invalid(field: field, problem: "there are no rows")
      }
      var matrix: [[Double]] = []
      for (index, row) in rows.enumerated() {
        guard let cells = row.elements, !cells.isEmpty, cells.count == matrix.first?.count ?? cells.count else {
          throw .invalid(field: "\(field)[\(index)]", problem: "it is no row like the first")
        }
        var values: [Double] = []
        for (place, cell) in cells.enumerated() { values.append(try number(cell, "\(field)[\(index)][\(place)]")) }
        matrix.append(values)
      }
      return matrix
    }
    func lengths(_ field: String, _ count: Int) throws(PlannerError) -> [Int]? {
      guard let value = json[field] else { return nil }
      let found = value.elements?.compactMap(\.int) ?? []
      guard found.count == count, found.count == value.elements?.count else {
        throw .invalid(field: field, problem: "there must be \(count) whole numbers, as in workload_distribution")
      }
      return found
    }
    let known = [
      "gpu_info", "workload_distribution", "total_request_rate", "slice_factor", "overprovision", "input_lengths",
      "output_lengths",
    ]
    guard let members = json.members else { throw .invalid(field: "service", problem: "it is no object") }
    if let other = members.first(where: { !known.contains($0.key) }) {
      throw .invalid(field: other.key, problem: "there is no such field; there are \(known.joined(separator: ", "))")
    }
    let parts = try matrix(json["workload_distribution"], "workload_distribution")
    // An object by name, or a list whose elements have one.
    var listed: [(name: String, value: JSON)] = []
    if let members = json["gpu_info"]?.members {
      listed = members.map { ($0.key, $0.value) }
    } else {
      for (index, value) in (json["gpu_info"]?.elements ?? []).enumerated() {
        guard let name = value["name"]?.text else {
          throw .invalid(field: "gpu_info[\(index)].name", problem: "there is none")
        }
        listed.append((name, value))
      }
    }
    types = []
    for (name, value) in listed {
      let field = "gpu_info.\(name)"
      var rates: [Double] = []
      if hasRates {
        let matrix = try matrix(value["tputs"], "\(field).tputs")
        guard matrix.count == parts.count, matrix[0].count == parts[0].count else {
          throw .invalid(
            field: "\(field).tputs",
            problem: "\(matrix.count) × \(matrix[0].count), not \(parts.count) × \(parts[0].count) as the distribution")
        }
        rates = matrix.flatMap { $0 }
      }
      func whole(_ key: String) throws(PlannerError) -> Int? {
        guard let found = value[key] else { return nil }
        guard let number = found.int else {
          throw .invalid(field: "\(field).\(key)", problem: "there is no whole number")
        }
        return number
      }
      types.append(
        MelangeService.InstanceType(
          name, price: try number(value["cost"], "\(field).cost"), rates: rates, most: try whole("max"),
          least: try whole("min") ?? 0))
    }
    distribution = parts.flatMap { $0 }
    rate = try number(json["total_request_rate"], "total_request_rate")
    guard let slices = json["slice_factor"].map({ $0.int }) ?? 8 else {
      throw .invalid(field: "slice_factor", problem: "there is no whole number")
    }
    self.slices = slices
    overprovision = json["overprovision"] == nil ? 0 : try number(json["overprovision"], "overprovision")
    inputs = try lengths("input_lengths", parts.count)
    outputs = try lengths("output_lengths", parts[0].count)
    let (rows, columns) = (inputs, outputs)
    names = parts.indices.flatMap { row in
      parts[0].indices.map { column in
        "\(rows.map { "\($0[row])" } ?? "row \(row)") → \(columns.map { "\($0[column])" } ?? "column \(column)")"
      }
    }
  }

  /// The sizes of the buckets; the standard ones where there are as many and none are said.
  ///
  /// - Throws: `PlannerError`.
  func buckets() throws(PlannerError) -> MelangeProfile.Buckets {
    if let inputs, let outputs { return try MelangeProfile.Buckets(inputs: inputs, outputs: outputs) }
    return .standard
  }
}
