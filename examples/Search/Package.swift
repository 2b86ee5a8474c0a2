// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Search",
  dependencies: [.package(name: "venturi", path: "../..")],
  targets: [.executableTarget(name: "Search", dependencies: [.product(name: "Venturi", package: "venturi")])]
)
