import NumericTypes

extension Context {
  /// Sums of products over named axes: `einsum("bqhd,bkhd->bhqk", q, k)`.
  ///
  /// Each operand's axes have a letter each; what is not behind the arrow is summed over. A letter twice in an operand is its
  /// diagonal. Without an arrow the result has the letters that occur once, in the order of the alphabet. Operands meet from the
  /// left, each time by one matrix product.
  ///
  /// - Precondition: as many operands as the equation has; a letter has one extent; the result has each of its letters once.
  public func einsum(_ equation: String, _ operands: Tensor...) -> Tensor { einsum(equation, operands) }

  /// The same with a list of operands.
  public func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
    let parsed = Einsum(equation, operands.map(\.shape))
    var rest = zip(operands, parsed.inputs).map { diagonal(Labelled(tensor: $0, labels: $1)) }
    var result = rest.removeFirst()
    while !rest.isEmpty {
      let next = rest.removeFirst()
      let needed = Set(parsed.output).union(rest.flatMap(\.labels))
      result = product(
        reduced(result, to: needed.union(next.labels)), reduced(next, to: needed.union(result.labels)), needed)
    }
    return permuted(reduced(result, to: Set(parsed.output)), to: parsed.output).tensor
  }

  /// With no letter twice.
  private func diagonal(_ x: Labelled) -> Labelled {
    var x = x
    while let second = x.labels.indices.first(where: { x.labels[..<$0].contains(x.labels[$0]) }),
      let first = x.labels.firstIndex(of: x.labels[second])
    {
      let label = x.labels[first]
      var others = x.labels
      others.remove(at: second)
      others.remove(at: first)
      let axes = [first, second] + x.labels.indices.filter { $0 != first && $0 != second }
      let front = permuted(x.tensor, axes)
      let extent = front.shape[0]
      let flat = contiguous(front).reshaped(Shape([extent * extent] + front.shape.dimensions.dropFirst(2)))
      let places = arange(extent, step: Double(extent + 1), .i64)
      x = Labelled(tensor: gather(flat, places), labels: [label] + others)
    }
    return x
  }

  /// Summed over all letters but those in `kept`.
  private func reduced(_ x: Labelled, to kept: Set<Character>) -> Labelled {
    var x = x
    for axis in x.labels.indices.reversed() where !kept.contains(x.labels[axis]) {
      x = Labelled(
        tensor: sum(x.tensor, axis: axis), labels: x.labels.enumerated().filter { $0.offset != axis }.map(\.element))
    }
    return x
  }

  /// The product of two operands, summed over the letters of both that are not needed.
  private func product(_ a: Labelled, _ b: Labelled, _ needed: Set<Character>) -> Labelled {
    let shared = a.labels.filter(b.labels.contains)
    let (batch, inner) = (shared.filter(needed.contains), shared.filter { !needed.contains($0) })
    let (rows, columns) = (a.labels.filter { !shared.contains($0) }, b.labels.filter { !shared.contains($0) })
    let left = matrix(a, batch, rows, inner)
    let right = matrix(b, batch, inner, columns)
    let extents = batch.map(a.extent) + rows.map(a.extent) + columns.map(b.extent)
    return Labelled(tensor: matmul(left, right).reshaped(Shape(extents)), labels: batch + rows + columns)
  }

  /// [batch, rows, columns] of joined letters.
  private func matrix(
    _ x: Labelled, _ batch: [Character], _ rows: [Character], _ columns: [Character]
  ) -> Tensor {
    let turned = permuted(x, to: batch + rows + columns).tensor
    // As it lies, where nothing has to be joined: a product reads a transposed matrix.
    if batch.count == 1, rows.count == 1, columns.count == 1 { return turned }
    func count(_ labels: [Character]) -> Int { labels.map(x.extent).reduce(1, *) }
    return contiguous(turned).reshaped([count(batch), count(rows), count(columns)])
  }

  private func permuted(_ x: Labelled, to labels: [Character]) -> Labelled {
    Labelled(tensor: permuted(x.tensor, labels.compactMap(x.labels.firstIndex)), labels: labels)
  }

  /// The axes of x in another order.
  private func permuted(_ x: Tensor, _ axes: [Int]) -> Tensor {
    var (y, now) = (x, Array(axes.indices))
    for (place, axis) in axes.enumerated() where now[place] != axis {
      guard let other = now.firstIndex(of: axis) else { continue }
      y = y.transposed(place, other)
      now.swapAt(place, other)
    }
    return y
  }
}

/// A tensor whose axes have letters.
private struct Labelled {
  let tensor: Tensor
  let labels: [Character]

  func extent(_ label: Character) -> Int { labels.firstIndex(of: label).map { tensor.shape[$0] } ?? 1 }
}

/// An equation taken apart.
private struct Einsum {
  let inputs: [[Character]]
  let output: [Character]

  init(_ equation: String, _ shapes: [Shape]) {
    func letters(_ part: Substring) -> [Character] { part.filter { $0 != " " } }
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    let hasArrow = sides.count == 2 && sides[0].hasSuffix("-")
    inputs = (hasArrow ? sides[0].dropLast() : equation[...]).split(separator: ",", omittingEmptySubsequences: false)
      .map(letters)
    let all = inputs.joined()
    let once = Set(all).filter { letter in all.count { $0 == letter } == 1 }.sorted()
    output = hasArrow ? letters(sides[1]) : once
    precondition(
      inputs.count == shapes.count && !shapes.isEmpty && zip(inputs, shapes).allSatisfy { $0.count == $1.rank }
        && (all + output).allSatisfy { $0.isASCII && $0.isLetter } && Set(output).count == output.count
        && output.allSatisfy(all.contains),
      "einsum \(equation) of \(shapes)")
    var extents: [Character: Int] = [:]
    for (labels, shape) in zip(inputs, shapes) {
      for (axis, label) in labels.enumerated() {
        precondition(
          extents.updateValue(shape[axis], forKey: label) ?? shape[axis] == shape[axis],
          "einsum \(equation) of \(shapes): \(label) has two extents")
      }
    }
  }
}
