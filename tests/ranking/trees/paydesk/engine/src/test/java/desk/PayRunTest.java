package desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

class PayRunTest {
    @Test
    void overtimeIsPaidOneAndAHalfTimes() {
        PayRun run = Samples.runWithOvertime(60);
        assertEquals(new BigDecimal("15.00"), run.calculate(Samples.hourly(10), Samples.MARCH).gross());
    }

    @Test
    void salaryIsProratedWhenSomebodyLeaves() {
        PayRun run = Samples.emptyRun();
        assertEquals(new BigDecimal("1500.00"), run.calculate(Samples.leavingInTheMiddle(36000), Samples.JUNE).gross());
    }

    @Test
    void closedRunTakesNoLines() {
        PayRun run = Samples.emptyRun();
        run.close();
        assertThrows(IllegalStateException.class, () -> run.calculate(Samples.hourly(10), Samples.MARCH));
    }
}
