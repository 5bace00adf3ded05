package desk;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Everything that is paid at the end of one month. */
public final class PayRun {
    private final TaxTable taxes;
    private final Timesheets sheets;
    private final List<Line> lines = new ArrayList<>();
    private boolean closed;

    public PayRun(TaxTable taxes, Timesheets sheets) {
        this.taxes = taxes;
        this.sheets = sheets;
    }

    /** Work out what an employee is paid and add it to the run. */
    public Line calculate(Employee employee, LocalDate month) {
        if (closed) {
            throw new IllegalStateException("the pay run is closed");
        }
        BigDecimal gross = employee.isHourly() ? wages(employee, month) : salary(employee, month);
        gross = gross.add(bonus(employee, month));
        BigDecimal tax = taxes.withhold(gross, employee.bracket());
        BigDecimal pension = share(gross, employee.pensionRate());
        Line line = new Line(employee, gross, tax, pension);
        lines.add(line);
        return line;
    }

    private BigDecimal wages(Employee employee, LocalDate month) {
        Map<String, Integer> minutes = sheets.minutesByKind(employee, month);
        BigDecimal sum = BigDecimal.ZERO;
        for (Map.Entry<String, Integer> entry : minutes.entrySet()) {
            BigDecimal factor = switch (entry.getKey()) {
                case "overtime" -> new BigDecimal("1.5");
                case "sunday", "holiday" -> new BigDecimal("2");
                default -> BigDecimal.ONE;
            };
            BigDecimal hours = new BigDecimal(entry.getValue()).divide(new BigDecimal(60), 4, RoundingMode.HALF_UP);
            sum = sum.add(hours.multiply(employee.rate()).multiply(factor));
        }
        return cents(sum);
    }

    /** A month's part of the yearly sum, by days when somebody comes or goes in the middle of it. */
    private BigDecimal salary(Employee employee, LocalDate month) {
        BigDecimal full = employee.yearly().divide(new BigDecimal(12), 6, RoundingMode.HALF_UP);
        int present = employee.daysPresent(month);
        if (present == month.lengthOfMonth()) {
            return cents(full);
        }
        return cents(full.multiply(new BigDecimal(present)).divide(new BigDecimal(month.lengthOfMonth()), 6, RoundingMode.HALF_UP));
    }

    private BigDecimal bonus(Employee employee, LocalDate month) {
        if (month.getMonthValue() != 12 || employee.yearsAt(month) < 1) {
            return BigDecimal.ZERO;
        }
        return cents(employee.yearly().divide(new BigDecimal(12), 6, RoundingMode.HALF_UP));
    }

    static BigDecimal share(BigDecimal of, BigDecimal rate) {
        return cents(of.multiply(rate));
    }

    static BigDecimal cents(BigDecimal amount) {
        return amount.setScale(2, RoundingMode.HALF_EVEN);
    }

    /** No line is added afterwards. */
    public List<Line> close() {
        closed = true;
        return List.copyOf(lines);
    }

    /** Take a closed run back: a line with the opposite sign for each one. */
    public List<Line> reverse() {
        return lines.stream().map(Line::negated).toList();
    }
}
