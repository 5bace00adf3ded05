package desk;

import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.NavigableMap;
import java.util.TreeMap;

public class TaxTable {
    private final NavigableMap<BigDecimal, BigDecimal> steps = new TreeMap<>();

    /** Read lines of "from;rate", the comments of the tax office left out. */
    public static TaxTable parse(BufferedReader in) throws IOException {
        TaxTable table = new TaxTable();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.split(";");
            if (parts.length != 2) {
                throw new IOException("not a step of the tax table: " + line);
            }
            table.steps.put(new BigDecimal(parts[0].trim()), new BigDecimal(parts[1].trim()));
        }
        return table;
    }

    /** Each part of the income is taxed at the rate of its step. */
    public BigDecimal withhold(BigDecimal gross, int bracket) {
        BigDecimal due = BigDecimal.ZERO;
        BigDecimal top = gross;
        for (var step : steps.headMap(gross, true).descendingMap().entrySet()) {
            due = due.add(top.subtract(step.getKey()).multiply(step.getValue()));
            top = step.getKey();
        }
        return PayRun.cents(due.multiply(relief(bracket)));
    }

    private BigDecimal relief(int bracket) {
        return switch (bracket) {
            case 3 -> new BigDecimal("0.65");
            case 2, 4 -> new BigDecimal("0.9");
            case 6 -> new BigDecimal("1.2");
            default -> BigDecimal.ONE;
        };
    }

    public BigDecimal get(BigDecimal income) {
        var step = steps.floorEntry(income);
        return step == null ? BigDecimal.ZERO : step.getValue();
    }
}
