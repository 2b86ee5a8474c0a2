import Costs
import NumericTypes
import Tensors

/// W + S, S of few entries, which alone are trained and have an optimizer's state: the fixed sparse mask of Sung, Nair, Raffel
/// (Training neural networks with fixed sparse masks, 2021). S is zero at first.
package struct SparseMethod: LinearMethod {
  /// What is added at each place, [k].
  let values: Weight
  /// The row of each, ascending, [k], i32.
  let rows: Buffer
  /// The column of each, [k], i32.
  let columns: Buffer

  /// The parameter `fisher`, and the places as the buffers `fisher_rows` and `fisher_columns`.
  init(_ builder: inout ModelBuilder, _ places: FisherMask.Places) {
    values = builder.weight("fisher", [places.rows.count], .constant(0))
    rows = builder.buffer("fisher_rows", builder.context.indices(places.rows))
    columns = builder.buffer("fisher_columns", builder.context.indices(places.columns))
  }

  var isWeight: Bool { true }

  func output(_ y: Tensor, of x: Tensor, _ weight: FrozenRows, _ pass: Pass) -> Tensor {
    Self.output(y, of: x, values: pass[values], rows: pass[rows], columns: pass[columns], pass.context)
  }

  /// y + x Sᵀ, rows x [N, inputs] and y [N, outputs]. No matrix is made: on the way back the gradient of S is found at its
  /// entries alone. Has no second derivative.
  package static func output(
    _ y: Tensor, of x: Tensor, values: Tensor, rows: Tensor, columns: Tensor, _ context: Context
  ) -> Tensor {
    let (count, inputs, outputs) = (x.shape[0], x.shape[1], y.shape[1])
    let (read, factors) = (x.detached(), values.detached())
    let change = context.differentiable([x, values]) {
      let sums = context.zeros([outputs, count], read.dtype)
      Self.add(factors, from: read.columnMajor(context), columns, to: sums, rows, context)
      return context.contiguous(sums.transposed())
    } backward: { call in
      let context = call.context
      let dy = call.gradient.columnMajor(context)
      var gradients: [Tensor?] = [nil, nil]
      if call.wants(0) {
        let dx = context.zeros([inputs, count], read.dtype)
        Self.add(factors, from: dy, rows, to: dx, columns, context)
        gradients[0] = context.contiguous(dx.transposed())
      }
      if call.wants(1) { gradients[1] = Self.products(dy, rows, read.columnMajor(context), columns, context) }
      return gradients
    }
    return context.add(y, change)
  }

  /// target[places[e], :] += values[e] source[sources[e], :] for every entry e in turn; threads share the columns.
  private static func add(
    _ values: Tensor, from source: Tensor, _ sources: Tensor, to target: Tensor, _ places: Tensor, _ context: Context
  ) {
    func add<Element: BinaryFloatingPoint>(_ type: Element.Type) {
      let (width, entries) = (source.shape[1], values.count)
      let (value, from) = (values.pointer(as: Element.self), source.pointer(as: Element.self))
      let to = target.pointer(as: Element.self)
      let (reads, writes) = (sources.pointer(as: Int32.self), places.pointer(as: Int32.self))
      let numbers = Double(entries) * Double(width)
      let cost = OperationCost(
        flops: 2 * numbers, bytesRead: 8 * numbers, bytesWritten: 4 * numbers)
      context.performRanges(width, grain: 64, .elementwise, cost) { range in
        for entry in 0..<entries {
          let (factor, source) = (value[entry], from + Int(reads[entry]) * width)
          let target = to + Int(writes[entry]) * width
          for place in range { target[place] += factor * source[place] }
        }
      }
    }
    withExtendedLifetime((values, source, sources, target, places)) {
      if values.dtype == .f64 { add(Double.self) } else { add(Float.self) }
    }
  }

  /// Σ a[rows[e], :] b[columns[e], :] for every entry e, [k].
  private static func products(
    _ a: Tensor, _ rows: Tensor, _ b: Tensor, _ columns: Tensor, _ context: Context
  ) -> Tensor {
    let result = context.empty([rows.count], a.dtype)
    func sum<Element: BinaryFloatingPoint>(_ type: Element.Type) {
      let width = a.shape[1]
      let (left, right) = (a.pointer(as: Element.self), b.pointer(as: Element.self))
      let (row, column) = (rows.pointer(as: Int32.self), columns.pointer(as: Int32.self))
      let found = result.pointer(as: Element.self)
      let numbers = Double(rows.count) * Double(width)
      let cost = OperationCost(flops: 2 * numbers, bytesRead: 8 * numbers, bytesWritten: 4 * Double(rows.count))
      context.performRanges(rows.count, grain: 64, .reduction, cost) { range in
        for entry in range {
          let (one, other) = (left + Int(row[entry]) * width, right + Int(column[entry]) * width)
          // Four sums side by side, in an order that depends on the length alone.
          var sums: (Element, Element, Element, Element) = (0, 0, 0, 0)
          var place = 0
          while place + 4 <= width {
            sums.0 += one[place] * other[place]
            sums.1 += one[place + 1] * other[place + 1]
            sums.2 += one[place + 2] * other[place + 2]
            sums.3 += one[place + 3] * other[place + 3]
            place += 4
          }
          while place < width {
            sums.0 += one[place] * other[place]
            place += 1
          }
          found[entry] = (sums.0 + sums.1) + (sums.2 + sums.3)
        }
      }
    }
    withExtendedLifetime((a, b, rows, columns, result)) {
      if a.dtype == .f64 { sum(Double.self) } else { sum(Float.self) }
    }
    return result
  }

  /// W with `sign` times S added.
  private func changed(_ plain: PlainLinear, by sign: Float, _ pass: Pass) -> PlainLinear {
    let weight = pass.context.copy(plain.weight)
    let (changes, places) = (pass[values], (pass[rows], pass[columns]))
    withExtendedLifetime((weight, changes, places)) {
      let (target, change) = (weight.pointer(as: Float.self), changes.pointer(as: Float.self))
      let (row, column) = (places.0.pointer(as: Int32.self), places.1.pointer(as: Int32.self))
      let width = weight.shape[1]
      for entry in 0..<changes.count { target[Int(row[entry]) * width + Int(column[entry])] += sign * change[entry] }
    }
    return PlainLinear(weight: weight, bias: plain.bias)
  }

  func merged(_ plain: PlainLinear, _ pass: Pass) -> PlainLinear { changed(plain, by: 1, pass) }

  func unmerged(_ plain: PlainLinear, frozen: FrozenRows, _ pass: Pass) -> PlainLinear {
    changed(plain, by: -1, pass)
  }
}

extension Tensor {
  /// A matrix's columns one behind the other, untracked.
  fileprivate func columnMajor(_ context: Context) -> Tensor { context.contiguous(detached().transposed()) }
}

extension Context {
  /// Whole numbers as i32.
  fileprivate func indices(_ values: [Int32]) -> Tensor {
    let tensor = empty([values.count], .i32)
    let pointer = tensor.pointer(as: Int32.self)
    for (index, value) in values.enumerated() { pointer[index] = value }
    return tensor
  }
}
